# Makes an image by hand, as a registry might have it, and loads it into the engine at DOCKER_HOST.
#
#   image-layout.sh <directory> <marker> <base image> <compression> <manifest|index> <name> [digest]
#
# Its file /marker has the marker for its content. With "index" it is a multi-platform image with an attestation, whose
# second platform is not there. With "digest" it has no tag, but a name by its digest. Prints the digest of the
# manifest or index, and that of the configuration.
set -e
dir=$1 marker=$2 base=$3 compression=$4 type=$5 name=$6 pinned=$7
cd "$dir"
mkdir -p blobs/sha256 root
oci=application/vnd.oci.image

# Makes a blob of a file; $digest and $size are its own then.
blob() {
  digest=$(sha256sum "$1" | cut -c1-64)
  size=$(stat -c %s "$1")
  mv "$1" "blobs/sha256/$digest"
}

docker create --name "$marker" "$base" true >/dev/null
docker export "$marker" | tar -x -C root
docker rm "$marker" >/dev/null
echo "$marker" >root/marker
tar -c -C root . >layer
plain=$(sha256sum layer | cut -c1-64)
case $compression in
  zstd) zstd -q --rm layer -o compressed ;;
  gzip) gzip -n <layer >compressed && rm layer ;;
esac
blob compressed
layer=$digest layer_size=$size

cat >file <<JSON
{"architecture":"amd64","os":"linux","created":"2026-01-02T03:04:05Z","config":{"Env":["PATH=/bin"],"Cmd":["sh"]},
"rootfs":{"type":"layers","diff_ids":["sha256:$plain"]}}
JSON
blob file
config=$digest
cat >file <<JSON
{"schemaVersion":2,"mediaType":"$oci.manifest.v1+json",
"config":{"mediaType":"$oci.config.v1+json","digest":"sha256:$config","size":$size},
"layers":[{"mediaType":"$oci.layer.v1.tar+$compression","digest":"sha256:$layer","size":$layer_size}]}
JSON
blob file
top=$digest top_size=$size

if [ "$type" = index ]; then
  echo '{"_type":"https://in-toto.io/Statement/v0.1"}' >file
  blob file
  statement=$digest statement_size=$size
  printf '{}' >file
  blob file
  cat >file <<JSON
{"schemaVersion":2,"mediaType":"$oci.manifest.v1+json",
"config":{"mediaType":"$oci.config.v1+json","digest":"sha256:$digest","size":2},
"layers":[{"mediaType":"application/vnd.in-toto+json","digest":"sha256:$statement","size":$statement_size}]}
JSON
  blob file
  cat >file <<JSON
{"schemaVersion":2,"mediaType":"$oci.index.v1+json","manifests":[
{"mediaType":"$oci.manifest.v1+json","digest":"sha256:$(echo | sha256sum | cut -c1-64)","size":7,
"platform":{"os":"linux","architecture":"arm64"}},
{"mediaType":"$oci.manifest.v1+json","digest":"sha256:$top","size":$top_size,
"platform":{"os":"linux","architecture":"amd64"}},
{"mediaType":"$oci.manifest.v1+json","digest":"sha256:$digest","size":$size,
"annotations":{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"sha256:$top"},
"platform":{"os":"unknown","architecture":"unknown"}}]}
JSON
  blob file
  top=$digest top_size=$size
fi

tags="\"$name:1\"" full=docker.io/$name:1
if [ "$pinned" = digest ]; then
  tags='' full=docker.io/$name@sha256:$top
fi
cat >index.json <<JSON
{"schemaVersion":2,"manifests":[{"mediaType":"$oci.$type.v1+json","digest":"sha256:$top","size":$top_size,
"annotations":{"io.containerd.image.name":"$full"}}]}
JSON
cat >manifest.json <<JSON
[{"Config":"blobs/sha256/$config","RepoTags":[$tags],"Layers":["blobs/sha256/$layer"]}]
JSON
printf '{"imageLayoutVersion":"1.0.0"}' >oci-layout
tar -c blobs index.json manifest.json oci-layout | docker load -q >&2
echo "sha256:$top sha256:$config"
