import{a}from"./chunk.4EO7TZ5O.js";import"./chunk.53FISQXY.js";import"./chunk.JV2YDEFL.js";import"./chunk.ZHROKDZJ.js";export{a as sealingSpeed};
