// The theme's buttons that print and fill the screen, and what paper needs.
"use strict";
document.addEventListener("click", (event) => {
  const action = event.target.closest?.("[data-d3c-do]")?.dataset.d3cDo;
  if (action === "print") window.print();
  if (action === "fullscreen") window.toggleFullScreen();
});

// On paper nothing can be unfolded, so all is, and is folded again afterwards.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details:not([open])").forEach((details) => {
    details.open = true;
    details.dataset.d3cWasClosed = "";
  });
});
window.addEventListener("afterprint", () => {
  document.querySelectorAll("details[data-d3c-was-closed]").forEach((details) => {
    details.open = false;
    delete details.dataset.d3cWasClosed;
  });
});
