/** S3 as storage. Public signatures name no type of the AWS SDK. */
package dev.lifeboat.storage.s3;
