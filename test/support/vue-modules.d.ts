/// <reference path="../../renderer/vue-modules.d.ts" />
