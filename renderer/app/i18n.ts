import { createI18n } from 'vue-i18n';
import { en } from './messages/en.ts';

/** The message catalogue; messages are interpreted, so no code is made from strings. */
export function createMessages() {
  return createI18n({
    legacy: false,
    locale: 'en',
    fallbackLocale: 'en',
    messages: { en },
    missingWarn: true,
  });
}
