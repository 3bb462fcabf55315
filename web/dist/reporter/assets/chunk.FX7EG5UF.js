import{J as i}from"./chunk.7J6PTZ46.js";import{a as o}from"./chunk.QS5N4MV5.js";function t(f={}){return i(f,o)}export{t as a};
