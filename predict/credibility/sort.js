"use strict";
(() => {
  const main = document.querySelector("main");
  const cards = [...main.querySelectorAll("article")];
  const order = document.getElementById("order");
  const find = document.getElementById("find");
  const shown = document.getElementById("shown");
  document.querySelector(".tools").hidden = false;
  const compare = (key) => key === "name"
    ? (a, b) => Number(a.dataset.at) - Number(b.dataset.at)
    : (a, b) => Number(b.dataset[key]) - Number(a.dataset[key]) || Number(a.dataset.at) - Number(b.dataset.at);
  order.addEventListener("change", () => main.append(...cards.sort(compare(order.value))));
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of cards) {
      const text = card.textContent.toLowerCase();
      card.hidden = !words.every((word) => text.includes(word));
    }
    const left = cards.filter((card) => !card.hidden).length;
    shown.textContent = `${left} of ${cards.length}`;
  });
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
})();
