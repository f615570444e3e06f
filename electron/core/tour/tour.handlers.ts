import type { Implementation } from '../rpc/implementation.ts';
import type { TourService } from './tour.service.ts';

export function makeTourHandlers(core: Implementation, tour: TourService) {
  return {
    tour: {
      get: core.tour.get.handler(() => tour.get()),
      open: core.tour.open.handler(() => tour.open()),
      start: core.tour.start.handler(async ({ input, signal }) => ({
        jobId: await tour.start(input.step, undefined, signal),
      })),
    },
  };
}
