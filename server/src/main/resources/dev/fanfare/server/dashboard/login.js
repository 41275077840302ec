// Coming in with an API key or a token.
import {h, say} from "./dom.js";
import {Gone, signIn} from "./api.js";

export default function login(main) {
  const secret = h("input", {type: "password", id: "secret", autocomplete: "off", required: true, spellcheck: "false"});
  const kind = h("select", {id: "kind"}, h("option", {value: "api_key"}, "API key"), h("option", {value: "token"}, "Token (JWT)"));
  const wrong = h("p", {class: "wrong", role: "alert"});
  main.append(h("form", {class: "card login", submit: async event => {
    event.preventDefault();
    say(wrong, "");
    try {
      await signIn(kind.value, secret.value.trim());
    } catch (refused) {
      say(wrong, refused instanceof Gone ? "The server does not answer." : "Not let in: " + refused.message);
      secret.select();
    }
  }},
    h("h1", {}, "Sign in"),
    h("p", {class: "soft"}, "This server asks who you are."),
    h("label", {for: "kind"}, "With"), kind,
    h("label", {for: "secret"}, "Key or token"), secret,
    wrong,
    h("button", {class: "primary"}, "Sign in"),
    h("p", {class: "soft"}, "It stays in this tab and is sent in headers: no cookie, nothing in an address. A key is made with ",
      h("code", {}, "./fanfare keys create NAME --keys FILE"), ".")));
  secret.focus();
}
