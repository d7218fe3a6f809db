import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page and the server share an origin: what Trivium serves is passed on, under the host that the browser asked, because
// the server takes calls of pages of its own host alone (or of `--allow-origin`).
const target = process.env.TRIVIUM_SERVER ?? 'http://127.0.0.1:7474';
const passedOn = { target, changeOrigin: false };
// Capabilities, jobs and uploads; `useChat`.
const proxy = { '/v1': passedOn, '/api': passedOn };

export default defineConfig({ plugins: [react()], server: { proxy }, preview: { proxy } });
