# An edited row of own software or hardware, an edited model file or trace is another input: --resume does not take the old points for the new.
mkdir mine models
s=$srcdir/scenarios/v3-pretrain-2048xh800.yaml
cp "$srcdir/workloads/catalog/models/deepseek-ai--DeepSeek-V3.json" models/Mine.json
stack() { printf '%s\n' framework,since,like,slower,source,grade "mine,2024,hai-llm 2024-06,$1,me,assumed" >mine/stacks.csv; }
again() {
  rackcast sweep "$s" --vary work.training.model=Mine --set 'work.training.stack=mine 2024' --catalog mine --models models -o s.db --resume --csv 2>err | cut -d, -f1,3
  grep done err
}
stack 1
again
echo same; again
echo stack; stack 1.02; again
echo model; sed 's/"num_hidden_layers": 61/"num_hidden_layers": 60/' models/Mine.json >m && mv m models/Mine.json; again
echo back; stack 1; cp "$srcdir/workloads/catalog/models/deepseek-ai--DeepSeek-V3.json" models/Mine.json; again
