import{J as i}from"./chunk.K4OEMYKK.js";import{a as o}from"./chunk.QS5N4MV5.js";function t(f={}){return i(f,o)}export{t as a};
