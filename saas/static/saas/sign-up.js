// The sign-up page: suggests an address while nobody has edited it, shows how strong the password
// is, and draws the door. The server decides everything; without this file the form works too.
(() => {
  const form = document.querySelector("[data-sign-up]");
  const organization = form.querySelector("[data-organization]");
  const subdomain = form.querySelector("[data-subdomain]");
  const threshold = document.querySelector("[data-threshold]");
  let edited = subdomain.value !== "";

  const draw = () => {
    const name = threshold.querySelector("[data-threshold-name]");
    const slug = threshold.querySelector("[data-threshold-slug]");
    name.textContent = organization.value.trim() || name.dataset.placeholder;
    slug.textContent = subdomain.value.trim().toLowerCase() || slug.dataset.placeholder;
    threshold.querySelector("[data-threshold-initial]").textContent =
      [...organization.value.trim()][0] ?? "";
  };

  const put = (slug) => {
    subdomain.value = slug;
    draw();
  };

  // The name asks for a suggestion only while the address is ours to fill.
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.target === organization && edited) event.preventDefault();
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "subdomain-check") return;
    const answer = event.detail.target.querySelector("[data-state]");
    threshold.dataset.state = answer?.dataset.state ?? "empty";
    if (!edited && answer) put(answer.dataset.suggestion);
  });

  subdomain.addEventListener("input", () => {
    edited = subdomain.value !== "";
    delete threshold.dataset.state;
    draw();
  });

  organization.addEventListener("input", () => {
    if (!edited) delete threshold.dataset.state;
    draw();
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (!button) return;
    subdomain.value = button.dataset.fill;
    subdomain.dispatchEvent(new Event("input", { bubbles: true }));
    subdomain.focus();
  });

  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u, /[^\x00-\x7f]/];

  // Length counts most, variety helps, repetition doesn't count at all.
  const strength = (password) => {
    if (password.length < 10) return 0;
    const distinct = new Set(password).size;
    const variety = kinds.filter((kind) => kind.test(password)).length;
    const points = Math.min(distinct, 20) + 3 * variety;
    return points < 13 ? 1 : points < 18 ? 2 : points < 23 ? 3 : 4;
  };

  for (const box of document.querySelectorAll("[data-strength]")) {
    const words = ["short", "weak", "fair", "good", "strong"];
    const field = document.getElementById(box.dataset.strength);
    field.closest(".field").append(box);
    field.addEventListener("input", () => {
      const score = strength(field.value);
      box.hidden = field.value === "";
      box.querySelector("meter").value = score;
      box.querySelector("[aria-live]").textContent = box.dataset[words[score]];
    });
  }

  threshold.dataset.state = form.querySelector("#subdomain-check [data-state]")?.dataset.state ?? "empty";
  draw();
})();
