/** The absolute path of web/, put in by run.mjs: bundled tests run from a temporary folder. */
declare const WEB_FOLDER: string
