// Unfold shows a dialog, and leaves the keyboard on the page behind it.
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target.id !== "modal-content") return;
  const opener = document.activeElement;
  target.onkeydown = ({ key }) => {
    if (key === "Escape") opener.focus();
  };
  // It is shown, and takes the focus, by the next frame.
  requestAnimationFrame(() => {
    target.querySelector("form :is(input:not([type=hidden]), select, textarea, a[href])")?.focus();
  });
});
