// The token that proves a request to come from our own page. Logging in makes another one, also in another tab.

let token = document.querySelector("meta[name=csrf-token]").content;
let isOld = false;

export const expire = () => { isOld = true; };

export async function currentToken() {
  if (isOld) await renew();
  return token;
}

async function renew() {
  const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("meta[name=csrf-token]");
  if (!fresh) return; // still logged out: the old one is refused once more
  token = fresh.content;
  isOld = false;
}
