export const miningMessages = {
  mining: {
    title: 'Models to ask',
    ask: 'Ask now',
    step: '{title}: {answered} of {items} asked, by {models}',
    cost: 'At most {calls} calls, {read} tokens read and {written} written.',
    time: 'About {minutes} minutes at most.',
    noTime: 'Benchmark the model to see how long that takes.',
    allAsked: 'Everything has been asked; the counts rest on the answers.',
    leaves: 'Texts leave this computer: {names}.',
    running: 'Asking the models',
    failed: 'The models were not asked to the end',
    cancelled: 'Stopped. What was answered is kept, and is not asked again.',
    nobody: 'None',
    away: '{name} (not on this computer)',
    none: 'There is no model that can write.',
    open: 'Add one',
  },
};
