/** @type {import('next').NextConfig} */
export default {
  // The addon, the weights and the worker that reads documents are files: they stay where npm put them.
  serverExternalPackages: ['@trivium/sdk', '@trivium/native', '@trivium/nano'],
};
