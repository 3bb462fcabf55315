import{J as i}from"./chunk.LSILV65E.js";import{a as o}from"./chunk.F5X6EA4J.js";function t(f={}){return i(f,o)}export{t as a};
