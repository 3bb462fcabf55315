import{a}from"./chunk.2ZE5Y6DJ.js";import"./chunk.CAVQULX7.js";import"./chunk.SSVIWNUU.js";export{a as sealingSpeed};
