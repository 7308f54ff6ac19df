/** S3 as storage; nothing here yet. */
package dev.lifeboat.storage.s3;
