/**
 * Why a source delivers nothing, where that does not get better by itself: it is refused, does not exist, or is of a kind that
 * cannot be read. Somebody has to change the camera or its settings.
 */
export class LastingFailure extends Error {}
