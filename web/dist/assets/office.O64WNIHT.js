import{a}from"./chunk.LXOWRS6F.js";import"./chunk.FD6CPY6E.js";import"./chunk.SSVIWNUU.js";export{a as loadProfile};
