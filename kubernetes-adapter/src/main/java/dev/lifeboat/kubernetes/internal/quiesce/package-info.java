/** How applications are quiesced and resumed. */
package dev.lifeboat.kubernetes.internal.quiesce;
