{{- /* Every name in this chart is made after this: there is no object to be had without it. The schema says the same in fewer words, and can be skipped. Safe for whatever was made of the values. */ -}}
{{- define "veltrix.guard" -}}
{{- $values := .Values.AsMap -}}
{{- $governor := get $values "governor" -}}
{{- if not (kindIs "map" $governor) -}}
  {{- fail "\n\nThere is no governor in these values, and Veltrix does not run on Kubernetes without one: nothing else keeps a crowd from filling the store that all hunts share. Set governor.enabled to true, or leave governor alone.\n" -}}
{{- end -}}
{{- $enabled := get $governor "enabled" -}}
{{- if not (and (kindIs "bool" $enabled) $enabled) -}}
  {{- fail (printf "\n\ngovernor.enabled is %s, and must be true: nothing else keeps a crowd from filling the store that all hunts share. To hold a limit by hand, leave the governor on and set pin_limit of the hunt.\n" (hasKey $governor "enabled" | ternary (toJson $enabled) "missing")) -}}
{{- end -}}
{{- $image := get $values "image" -}}
{{- if not (kindIs "map" $image) -}}{{- $image = dict -}}{{- end -}}
{{- if not (get $image "repository") -}}
  {{- fail "\n\nimage.repository is empty: without an image there is no governor, and no server either. Set it to where the image of Veltrix is, such as registry.example.org/veltrix.\n" -}}
{{- end -}}
{{- include "veltrix.stores" $values -}}
{{- end -}}

{{- /* What is missing to run at all. Given the values. */ -}}
{{- define "veltrix.stores" -}}
{{- $redis := dig "address" "" (.redis | default dict) -}}
{{- $defaults := dig "defaults" dict (.hunt | default dict) | default dict -}}
{{- $database := dig "control" "database" "" $defaults -}}
{{- if not (dig "enabled" false (.bundled | default dict)) -}}
  {{- $missing := list -}}
  {{- if not $redis }}{{ $missing = append $missing "redis.address (host:port)" }}{{ end -}}
  {{- if has (dig "kafka" "bootstrap_servers" "none" $defaults) (list "" "none") }}{{ $missing = append $missing "hunt.defaults.kafka.bootstrap_servers (host:port)" }}{{ end -}}
  {{- if has $database (list "" "sqlite") }}{{ $missing = append $missing "hunt.defaults.control.database (Host=…;Database=…;Username=…)" }}{{ end -}}
  {{- if $missing -}}
    {{- fail (printf "\n\nVeltrix needs a Redis, a Kafka and a PostgreSQL that all hunt pods share. Not named: %s. To try it with small ones of its own: --set bundled.enabled=true.\n" (join ", " $missing)) -}}
  {{- end -}}
{{- end -}}
{{- if regexMatch "(?i)password *=" $redis -}}
  {{- fail "\n\nredis.address has a password in it, which everybody who may read Deployments would see. Put it into a Secret, under the key password, and name that in secrets.redis.\n" -}}
{{- end -}}
{{- if regexMatch "(?i)(password|pwd) *=" $database -}}
  {{- fail "\n\nhunt.defaults.control.database has a password in it, which everybody who may read ConfigMaps would see. Put it into a Secret, under the key password, and name that in secrets.postgresql.\n" -}}
{{- end -}}
{{- end -}}
