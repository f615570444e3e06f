export const jobMessages = {
  jobs: {
    activeBadge: 'active',
    failed: 'The jobs could not be listed',
    none: 'No jobs yet',
    noneText: 'Imports, constitutions and audits run here; they go on while you look at something else.',
    status: {
      queued: 'Queued',
      running: 'Running',
      paused: 'Paused',
      succeeded: 'Done',
      failed: 'Failed',
      cancelled: 'Cancelled',
    },
    progress: '{done} of {total}',
    remaining: 'about {time} left',
    runningFor: 'running for {time}',
    took: 'took {time}',
    attempt: 'attempt {n}',
    cancelling: 'Cancelling',
    again: 'Run again',
    duration: {
      seconds: '{big} s',
      minutes: '{big} min {small} s',
      hours: '{big} h {small} min',
    },
  },
};
