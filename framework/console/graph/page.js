"use strict";
// Without this script the page shows the graph and every task below it.
document.documentElement.classList.add("js");

const svg = document.querySelector("#graph svg");
const view = svg.viewBox.baseVal;
// All of it, and no larger than life.
const width = Math.max(view.width, svg.clientWidth);
const height = Math.max(view.height, svg.clientHeight);
const whole = { x: (view.width - width) / 2, y: (view.height - height) / 2, width, height };
Object.assign(view, whole);

function show(node) {
  for (const each of document.querySelectorAll(".current")) each.classList.remove("current");
  node.classList.add("current");
  document.getElementById("node-" + node.dataset.node).classList.add("current");
}

for (const node of svg.querySelectorAll(".node")) {
  node.setAttribute("tabindex", "0");
  node.addEventListener("mouseenter", () => show(node));
  node.addEventListener("focus", () => show(node));
}

function scale() {
  return Math.max(view.width / svg.clientWidth, view.height / svg.clientHeight);
}

svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  const factor = Math.min(Math.max(view.width * Math.exp(event.deltaY / 500), 200), whole.width * 4) / view.width;
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  view.x = point.x - (point.x - view.x) * factor;
  view.y = point.y - (point.y - view.y) * factor;
  view.width *= factor;
  view.height *= factor;
}, { passive: false });

svg.addEventListener("pointermove", (event) => {
  if (event.buttons !== 1) return;
  view.x -= event.movementX * scale();
  view.y -= event.movementY * scale();
});

svg.addEventListener("dblclick", () => Object.assign(view, whole));
