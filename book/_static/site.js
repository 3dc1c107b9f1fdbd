// What the pages do beside the explorers: buttons, wide formulas, paper.
"use strict";

document.addEventListener("click", (event) => {
  const action = event.target.closest?.("[data-d3c-do]")?.dataset.d3cDo;
  if (action === "print") window.print();
  if (action === "fullscreen") window.toggleFullScreen();
});

// What is wider than the page scrolls in its own box, which the keyboard must be able to reach.
function markScrollable() {
  document.querySelectorAll("mjx-container[display], .cell_output .text_html").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
  // A formula in a line: its hidden copy for screen readers is wider, so its own width counts.
  document.querySelectorAll("span.math").forEach((box) => {
    const formula = box.querySelector("mjx-math");
    const wide = formula && formula.getBoundingClientRect().width > box.clientWidth + 2;
    box.classList.toggle("d3c-wide", Boolean(wide));
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
}

function whenTypeset(then) {
  const typeset = window.MathJax?.startup?.promise;
  if (typeset) typeset.then(then);
  else if (window.MathJax) setTimeout(whenTypeset, 100, then);
  else then();
}

whenTypeset(markScrollable);
window.addEventListener("resize", markScrollable);

// On paper nothing can be unfolded and the ground is white: all is open and in light colours
// while it is printed.
let themeOnScreen = "";

window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details:not([open])").forEach((details) => {
    details.open = true;
    details.dataset.d3cWasClosed = "";
  });
  themeOnScreen = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});

window.addEventListener("afterprint", () => {
  document.querySelectorAll("details[data-d3c-was-closed]").forEach((details) => {
    details.open = false;
    delete details.dataset.d3cWasClosed;
  });
  document.documentElement.dataset.theme = themeOnScreen;
});
