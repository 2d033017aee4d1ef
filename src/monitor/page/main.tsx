/**
 * The web page of a run: its entry, in the browser.
 */

import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import { App } from './frame/app.tsx';
import { startTabSign } from './frame/tab-sign.ts';
import { startListening } from './live/live.ts';
import './styles/page.css';

startListening();
startTabSign();
render(<App />, document.getElementById('page') as HTMLElement);
