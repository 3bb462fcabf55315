import{J as i}from"./chunk.ABBRY3LV.js";import{a as o}from"./chunk.CB4V2GPZ.js";function t(f={}){return i(f,o)}export{t as a};
