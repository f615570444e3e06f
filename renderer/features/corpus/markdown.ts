import DOMPurify from 'dompurify';
import MarkdownIt from 'markdown-it';

/** Longest text that is laid out as Markdown; longer ones are shown as they are, so that nothing freezes. */
export const maxMarkdownCharacters = 60_000;

/** Words put beside links and images. */
export interface MarkdownLabels {
  readonly copy: string;
  readonly image: string;
}

const markdown = new MarkdownIt('commonmark', { html: false, linkify: false, breaks: true });
markdown.enable(['table', 'strikethrough']);

const { escapeHtml } = markdown.utils;

markdown.renderer.rules['link_open'] = (tokens, index) => {
  const href = String(tokens[index]?.attrGet('href') ?? '');
  return `<span class="inert-link" title="${escapeHtml(href)}">`;
};
markdown.renderer.rules['link_close'] = (tokens, index, _, env) => {
  let open = index;
  while (open > 0 && tokens[open]?.type !== 'link_open') open -= 1;
  const href = escapeHtml(String(tokens[open]?.attrGet('href') ?? ''));
  return `</span> <button type="button" class="copy-url" data-copy="${href}" title="${href}">${labelOf(env, 'copy')}</button>`;
};
markdown.renderer.rules['heading_open'] = () => '<p class="data-heading">';
markdown.renderer.rules['heading_close'] = () => '</p>';
markdown.renderer.rules['image'] = (tokens, index, _, env) => {
  const token = tokens[index];
  const alt = escapeHtml(token?.content ?? '');
  const source = escapeHtml(String(token?.attrGet('src') ?? ''));
  return `<span class="inert-image" title="${source}">${labelOf(env, 'image')} ${alt} <code>${source}</code></span>`;
};

function labelOf(env: object | undefined, name: keyof MarkdownLabels): string {
  return escapeHtml(String((env as Partial<MarkdownLabels> | undefined)?.[name] ?? ''));
}

const allowedTags =
  'p br hr em strong s code pre blockquote ul ol li table thead tbody tr th td span button'.split(' ');
const allowedAttributes = ['class', 'title', 'data-copy', 'type', 'start'];

/**
 * Markdown of untrusted text as a document fragment: no HTML of the text survives, images become their alt text
 * and address, links become text with a button that copies the address, headings become bold lines so that they
 * do not mix with those of the page. Nothing is ever loaded.
 */
export function renderMarkdown(text: string, labels: MarkdownLabels): DocumentFragment {
  return DOMPurify.sanitize(markdown.render(text, { ...labels }), {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: allowedAttributes,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
