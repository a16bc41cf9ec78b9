// Puts the person's choice of light or dark on <html> before the first paint, and runs the
// switch in the footer. Without this file the page follows the system.
(() => {
  const key = "theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(key) || "auto";
    } catch {
      return "auto";
    }
  };

  const show = (choice) => {
    if (choice === "light" || choice === "dark") root.dataset.bsTheme = choice;
    else delete root.dataset.bsTheme;
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  };

  const keep = (choice) => {
    try {
      localStorage.setItem(key, choice);
    } catch {
      // A browser that keeps nothing still shows the choice on this page.
    }
    show(choice);
  };

  show(stored());
  addEventListener("storage", (event) => event.key === key && show(stored()));
  document.addEventListener("DOMContentLoaded", () => {
    for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
    show(stored());
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (button) keep(button.dataset.themeChoice);
  });
})();
