// The inbox's page: asks the JSON API, shows the answer, and asks again every two seconds.
"use strict";

const PAUSE = 2000;
const LIMIT = 200;
const at = (id) => document.getElementById(id);
const state = { chosen: null, message: null, tab: "html", shown: "" };

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const person = ({ Name, Address }) => (Name ? `${Name} <${Address}>` : Address);
const people = (list) => list.map(person).join(", ");

function moment(iso) {
  const when = new Date(iso);
  const isToday = when.toDateString() === new Date().toDateString();
  return isToday
    ? when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : when.toLocaleDateString([], { day: "numeric", month: "short" });
}

function row(message) {
  const item = element("li", "", { class: message.Read ? "" : "unread" });
  const link = element("a", "", { href: `#${message.ID}` });
  if (message.ID === state.chosen) link.setAttribute("aria-current", "true");
  const top = element("span", "", { class: "row" });
  top.append(element("span", `To ${people([...message.To, ...message.Bcc])}`));
  top.append(element("time", moment(message.Created), { datetime: message.Created }));
  link.append(top, element("span", message.Subject || "(no subject)", { class: "what" }));
  link.append(element("span", message.Snippet, { class: "snippet" }));
  item.append(link);
  return item;
}

async function showList() {
  const query = at("query").value.trim();
  const path = query ? `search?query=${encodeURIComponent(query)}&` : "messages?";
  const page = await ask(`/api/v1/${path}limit=${LIMIT}`);
  const shown = JSON.stringify([page, state.chosen]);
  // Rows that stay the same keep the keyboard's focus and the scroll position.
  if (shown === state.shown) return;
  state.shown = shown;
  at("messages").replaceChildren(...page.messages.map(row));
  at("nothing").hidden = page.messages.length > 0;
  at("count").textContent = page.total ? String(page.total) : "";
  document.title = page.unread ? `(${page.unread}) Inbox` : "Inbox";
}

async function choose() {
  state.chosen = location.hash.slice(1) || null;
  state.message = state.chosen && (await ask(`/api/v1/message/${state.chosen}`).catch(() => null));
  document.body.classList.toggle("reading", Boolean(state.message));
  at("message").hidden = !state.message;
  at("hint").hidden = Boolean(state.message);
  if (state.message) showMessage(state.message);
  await showList();
}

function showMessage(message) {
  at("subject").textContent = message.Subject || "(no subject)";
  const rows = {
    From: person(message.From),
    To: people(message.To),
    Cc: people(message.Cc),
    Bcc: people(message.Bcc),
    "Reply to": people(message.ReplyTo),
    Date: new Date(message.Date).toLocaleString(),
  };
  const filled = Object.entries(rows).filter(([, value]) => value);
  at("heading").replaceChildren(
    ...filled.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
  );
  at("attachments").replaceChildren(...message.Attachments.map((part) => attachment(message, part)));
  tab("html").disabled = !message.HTML;
  tab("text").disabled = !message.Text;
  const wanted = tab(state.tab);
  showTab(wanted.disabled ? (message.HTML ? "html" : "text") : state.tab);
}

function attachment(message, part) {
  const path = `/api/v1/message/${message.ID}/part/${part.PartID}`;
  return element("a", `${part.FileName || part.ContentType} (${part.Size} bytes)`, {
    href: path,
    download: part.FileName,
  });
}

const tab = (name) => document.querySelector(`[data-tab="${name}"]`);

async function showTab(name) {
  state.tab = name;
  for (const button of document.querySelectorAll("[data-tab]")) {
    button.setAttribute("aria-selected", String(button.dataset.tab === name));
  }
  at("body").replaceChildren(await TABS[name](state.message));
}

const TABS = {
  html: (message) =>
    element("iframe", "", {
      title: "The message as HTML",
      sandbox: "allow-popups allow-popups-to-escape-sandbox",
      src: `/view/${message.ID}.html`,
    }),
  text: (message) => element("pre", message.Text),
  headers: async (message) => {
    const headers = await ask(`/api/v1/message/${message.ID}/headers`);
    const lines = Object.entries(headers).flatMap(([name, values]) =>
      values.map((value) => `${name}: ${value}`),
    );
    return element("pre", lines.join("\n"));
  },
  raw: async (message) => {
    const answer = await fetch(`/api/v1/message/${message.ID}/raw`);
    return element("pre", await answer.text());
  },
};

async function keepFresh() {
  // The mail catcher may be restarting: the next round asks again.
  if (!document.hidden) await showList().catch(() => {});
  setTimeout(keepFresh, PAUSE);
}

at("query").addEventListener("input", () => showList());
at("back").addEventListener("click", () => { location.hash = ""; });
at("empty").addEventListener("click", async () => {
  await fetch("/api/v1/messages", { method: "DELETE" });
  location.hash = "";
  await choose();
});
for (const button of document.querySelectorAll("[data-tab]")) {
  button.addEventListener("click", () => showTab(button.dataset.tab));
}
addEventListener("hashchange", choose);
choose().then(keepFresh);
