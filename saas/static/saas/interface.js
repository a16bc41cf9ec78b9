// Small manners that need a script: passwords can be shown, dialogs open from a button, a form
// that was refused begins with what is wrong, and one that is on its way is not sent twice.
(() => {
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-reveal]")) button.hidden = false;
    document.querySelector('[aria-invalid="true"]:not(:disabled, [type="hidden"])')?.focus();
  });

  const reveal = (button) => {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.textContent = shown ? button.dataset.reveal : button.dataset.conceal;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.reveal) reveal(button);
    if (button.dataset.opens) document.getElementById(button.dataset.opens).showModal();
    if (button.dataset.closes !== undefined) button.closest("dialog").close();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    // A download leaves the page standing, and may be asked for again.
    setTimeout(() => delete form.dataset.sent, 4000);
    for (const field of form.querySelectorAll("input[type=text][autocomplete$=password]"))
      field.type = "password";
    // "Back" to a page that answered a form would ask to send the refused one again: it leads
    // to the empty form instead.
    if ("answersPost" in document.body.dataset && !event.defaultPrevented)
      history.replaceState(null, "", location.href);
  });

  // The page may come back from the browser's memory: then it is to be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
