/** Frequent function words that the other languages of the list do not share. */
const functionWords: Readonly<Record<string, readonly string[]>> = {
  en: words(
    'the of and is that it was for are with his they this have from not what were when your which she their than but more because better',
  ),
  de: words(
    'der die das und ist nicht ein eine den dem mit sich auf für auch als wird sind wurde weil besser einer aber oder zur zum bei',
  ),
  fr: words(
    'le la les des est et une dans que qui pour pas sur plus avec ce cette sont par mais elle réponse meilleure car au aux',
  ),
  es: words(
    'el los las del es una que por para con más pero como está esta porque respuesta mejor también sus ser son muy',
  ),
  it: words(
    'il che di è una per non con più della sono gli nel alla questa perché risposta migliore anche ma dei delle',
  ),
  pt: words(
    'os uma que não com para mais dos das por mas é são porque resposta melhor também ao na no foi seu sua',
  ),
  nl: words(
    'het een van en is niet dat die zijn voor met aan ook omdat antwoord beter maar wordt werd bij deze geen',
  ),
};

function words(text: string): string[] {
  return text.split(' ');
}

const sets = Object.entries(functionWords).map(([language, list]) => [language, new Set(list)] as const);

/** Scripts other than Latin, with the language where the script has one; else `und-` and its ISO 15924 code. */
const scripts: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Cyrillic}/gu, 'und-Cyrl'],
  [/\p{Script=Arabic}/gu, 'und-Arab'],
  [/\p{Script=Devanagari}/gu, 'und-Deva'],
  [/\p{Script=Greek}/gu, 'el'],
  [/\p{Script=Hebrew}/gu, 'he'],
  [/\p{Script=Thai}/gu, 'th'],
];

/**
 * The language of a text as a BCP 47 tag, by its script and its function words (our own, coarse rule): `en`, `de`, `fr`,
 * `es`, `it`, `pt`, `nl`, `ja`, `ko`, `zh`, `el`, `he`, `th`, or `und-Cyrl` and the like for a script of several languages.
 * `und` where too little tells: fewer than three function words of a language other than English, or as many English ones.
 */
export function detectLanguage(text: string): string {
  const prose = text.replace(/“[^”]*”|"[^"\n]*"|«[^»]*»|`[^`\n]*`/g, ' ');
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  for (const [script, language] of scripts) {
    const own = prose.match(script)?.length ?? 0;
    // A kana or two in three is enough: Japanese is mostly written in Han.
    if (own > (language === 'ja' ? 0.1 : 0.4) * letters) return language;
  }
  const found = prose.toLowerCase().match(/\p{L}+/gu) ?? [];
  const hits = sets.map(([language, list]) => ({
    language,
    count: found.filter((word) => list.has(word)).length,
  }));
  const english = hits.find(({ language }) => language === 'en')?.count ?? 0;
  const [best] = hits
    .filter(({ language }) => language !== 'en')
    .sort((one, other) => other.count - one.count);
  if (best && best.count >= 3 && best.count > 1.5 * english) return best.language;
  return english > 0 ? 'en' : 'und';
}
