using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

/// <summary>Trainings with MMCV's hooks that scale the loss: scaler, gradients, weights, meta and log after every iteration.</summary>
[Trait("Category", "Golden")]
public sealed class Fp16OptimizerHookGoldenTests
{
    private static readonly GoldenCases Runs = new("fp16_legacy.json");
    private static readonly GoldenCases States = new("fp16_legacy_state.json");

    public static TheoryData<string> Cases => Runs.Where(_ => true);

    // Of a case that resumes from a file, the first training; the second one needs checkpoints, which do not exist yet.
    public static TheoryData<string> StateCases => States.Where(entry => GoldenCases.Text(entry, "kind") is "run" or "resume");

    public static TheoryData<string> Builds => States.Where(entry => GoldenCases.Text(entry, "kind") == "build");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_iteration_is_that_of_mmcv(string id) => Train(Runs, Runs[id]);

    [Theory]
    [MemberData(nameof(StateCases))]
    public void Every_iteration_is_that_of_mmcv_with_states(string id) => Train(States, States[id]);

    [Theory]
    [MemberData(nameof(Builds))]
    public void A_hook_is_built_or_refused_as_in_mmcv(string id)
    {
        JsonElement golden = States[id];
        JsonElement config = golden.GetProperty("config");
        if (GoldenConfigs.RuledOut(config) is { } reason)
        {
            GoldenCases.Has(golden, "error").Should().BeTrue(reason);
            return;
        }

        bool isCountRight = !config.TryGetProperty("cumulative_iters", out JsonElement count) || count.GetInt32() > 0;
        if (GoldenCases.Has(golden, "error") && GoldenConfigs.IsWholeScale(config) && isCountRight)
        {
            using Fp16OptimizerHook taken = (Fp16OptimizerHook)GoldenConfigs.Optimizer(config).Build();
            taken.LossScaler.GetScale().Should().Be(config.GetProperty("loss_scale").GetDouble(), "a whole number is as good as one with a point");
            return;
        }

        if (GoldenCases.Has(golden, "error"))
        {
            Action build = () => GoldenConfigs.Optimizer(config).Build();
            build.Should().Throw<ArgumentException>();
            return;
        }

        Fp16OptimizerConfig made = (Fp16OptimizerConfig)GoldenConfigs.Optimizer(config);
        using Fp16OptimizerHook hook = (Fp16OptimizerHook)made.Build();
        JsonElement built = golden.GetProperty("built");
        StateShouldBe(hook, built.GetProperty("state"));
        made.LossScale.Fixed.Should().Be(GoldenCases.Has(built, "scale_update_param") ? built.GetProperty("scale_update_param").Number() : null);
    }

    private static void Train(GoldenCases file, JsonElement golden)
    {
        if (GoldenConfigs.RuledOut(golden.GetProperty("optimizer_config")) is { } reason)
        {
            GoldenCases.Has(golden, "error").Should().BeTrue(reason);
            return;
        }

        // A fused kernel leaves an update out by itself; else the host decides.
        foreach (Implementation implementation in new[] { Implementation.Auto, Implementation.PerParameter })
        {
            new Run(file, golden, implementation).Train();
        }
    }

    private static void StateShouldBe(Fp16OptimizerHook hook, JsonElement expected)
    {
        GradScalerState? state = hook.LossScaler.SaveState();
        (state is null).Should().Be(!expected.EnumerateObject().Any());
        if (state is not null)
        {
            StateOf(expected).Should().Be(state);
        }
    }

    private static GradScalerState StateOf(JsonElement state) => new(
        GoldenCases.Number(state.GetProperty("scale")),
        state.GetProperty("growth_factor").Number(),
        state.GetProperty("backoff_factor").Number(),
        state.GetProperty("growth_interval").GetInt32(),
        state.GetProperty("_growth_tracker").GetInt32());

    private sealed class Run(GoldenCases file, JsonElement golden, Implementation implementation)
    {
        private readonly List<(bool IsDue, double IsSkipped)> steps = [];
        private bool isDue;
        private double? isSkipped;
        private double scale;
        private float[][] before = [];
        private int rows;
        private bool isStarted;

        public void Train()
        {
            using GoldenTraining training = new(file, golden, implementation);
            training.Runner.Probe.Clipped += _ => isDue = true;
            training.Runner.Probe.Skipped += (_, flag) => isSkipped = flag.item<float>();
            JsonElement[] iterations = [.. golden.GetProperty("iters").EnumerateArray()];
            before = Weights(training);
            Action train = () => training.Train(
                (new ActionHook { AtBeforeRun = _ => Start(training), AtBeforeTrainIter = _ => Begin(training) }, HookPriority.Lowest),
                (new ActionHook { AtAfterTrainIter = _ => ShouldBe(training, iterations.ElementAtOrDefault(rows++)) }, HookPriority.Lowest));
            if (IsMetaMissing)
            {
                train.Should().NotThrow("MMCV needs a meta; here it is made");
                training.Runner.Meta!.ToPth()["fp16"].Should().BeOfType<PthDict>();
                return;
            }

            if (GoldenCases.Has(golden, "error"))
            {
                train.Should().Throw<Exception>().Which.Should().Match(error => error is InvalidOperationException || error is PthException);
            }
            else
            {
                train.Should().NotThrow();
            }

            rows.Should().Be(iterations.Length);
            isStarted.Should().Be(golden.TryGetProperty("start", out _), "errors before the run come before");
            training.MessagesShouldBe();
            EndShouldBe(training, golden.GetProperty("end"));
        }

        // A default of MMCV's runner with which its hook fails: ours makes the dictionary.
        private bool IsMetaMissing => golden.TryGetProperty("meta", out JsonElement meta) && meta.ValueKind == JsonValueKind.Null;

        private static Fp16OptimizerHook? HookOf(GoldenTraining training) => training.Runner.Hooks.OfType<Fp16OptimizerHook>().SingleOrDefault();

        private static float[][] Weights(GoldenTraining training) =>
            [.. training.Net.parameters().Select(parameter => parameter.detach().reshape(-1).data<float>().ToArray())];

        private void Start(GoldenTraining training)
        {
            isStarted = true;
            if (IsMetaMissing)
            {
                return;
            }

            JsonElement start = golden.GetProperty("start");
            (training.Runner.Iter, training.Runner.Epoch).Should().Be((start.GetProperty("iter").GetInt32(), start.GetProperty("epoch").GetInt32()));
            if (HookOf(training) is { } hook)
            {
                StateShouldBe(hook, start.GetProperty("scaler"));
            }
        }

        private void Begin(GoldenTraining training) => (isDue, isSkipped, scale) = (false, null, HookOf(training)?.LossScaler.GetScale() ?? 1);

        private void ShouldBe(GoldenTraining training, JsonElement expected)
        {
            if (IsMetaMissing)
            {
                return;
            }

            WorkflowRunner runner = training.Runner;
            (runner.Iter, runner.Epoch).Should().Be((expected.GetProperty("iter").GetInt32(), expected.GetProperty("epoch").GetInt32()));
            GoldenTraining.Near("loss", GoldenCases.Number(expected.GetProperty("loss")), new LogValue(runner.Outputs!.Loss!).Read());
            runner.CurrentLr().Values[0].Value.Should().Equal(GoldenCases.Numbers(expected.GetProperty("lr")), GoldenTolerance.IsSameDouble);
            runner.CurrentMomentum().Values[0].Value.Should().Equal(GoldenCases.Numbers(expected.GetProperty("momentum")), GoldenTolerance.IsSameDouble);
            training.GradientsShouldBe(expected.GetProperty("grads"));
            WeightsShouldBe(training, expected.GetProperty("params"));
            GoldenTraining.GradNormShouldBe(runner, expected.GetProperty("grad_norm"));
            runner.LogBuffer.Clear();
            if (HookOf(training) is { } hook)
            {
                ScalerShouldBe(hook, expected);
            }

            MetaShouldBe(runner.Meta, expected.GetProperty("meta"));
        }

        private void ScalerShouldBe(Fp16OptimizerHook hook, JsonElement expected)
        {
            new[] { scale, hook.LossScaler.GetScale() }.Should().Equal(GoldenCases.Numbers(expected.GetProperty("scale")), (a, b) => a.Equals(b));
            (hook.LossScaler.SaveState()?.GrowthTracker ?? 0).Should().Be(expected.GetProperty("tracker").GetInt32());
            bool? step = isDue ? isSkipped is not 1 : null;
            step.Should().Be(GoldenCases.Has(expected, "step") ? expected.GetProperty("step").GetBoolean() : null);
            (isSkipped is null).Should().Be(step is null || !hook.LossScaler.IsEnabled, "every decision of a scaler is announced");
            steps.Add((isDue, isSkipped ?? 0));
        }

        private void WeightsShouldBe(GoldenTraining training, JsonElement expected)
        {
            float[][] now = Weights(training);
            if (expected.ValueKind == JsonValueKind.Null)
            {
                now.Zip(before, (a, b) => a.AsSpan().SequenceEqual(b)).Should().NotContain(false, "they are bit for bit as before");
            }
            else
            {
                foreach ((Parameter parameter, JsonElement values) in training.Net.parameters().Zip(expected.EnumerateArray()))
                {
                    GoldenTraining.NearAll("weight", values, parameter);
                }
            }

            before = now;
        }

        private static void MetaShouldBe(RunnerMeta? meta, JsonElement expected)
        {
            PthDict? state = meta is not null && meta.TryGetValue("fp16", out PthValue? fp16) && ((PthDict)fp16).TryGetValue("loss_scaler", out PthValue? saved) ? (PthDict)saved : null;
            (state is null).Should().Be(expected.ValueKind == JsonValueKind.Null);
            if (state is not null)
            {
                (state.Count == 0).Should().Be(expected.ValueKind == JsonValueKind.Object, "that of a scaler that is off is empty");
            }

            if (expected.ValueKind == JsonValueKind.Array)
            {
                (state!["scale"], state["_growth_tracker"]).Should().Be((new PthFloat(GoldenCases.Number(expected[0])), new PthInteger(expected[1].GetInt32())));
            }
        }

        private void EndShouldBe(GoldenTraining training, JsonElement end)
        {
            // MMCV loads what it finds of a state before it misses the rest; here the scaler is as it was.
            bool isHalfLoaded = GoldenCases.Has(golden, "error") && !golden.TryGetProperty("start", out _);
            (training.Runner.Iter, training.Runner.Epoch).Should().Be((end.GetProperty("iter").GetInt32(), end.GetProperty("epoch").GetInt32()));
            if (HookOf(training) is { } hook && !isHalfLoaded)
            {
                StateShouldBe(hook, end.GetProperty("scaler"));
            }
            else if (HookOf(training) is { } refused)
            {
                refused.LossScaler.SaveState().Should().Be(new GradScaler(((Fp16OptimizerConfig)refused.Config).LossScale.Options).SaveState());
            }

            JsonElement meta = end.GetProperty("meta_fp16");
            RunnerMeta? ours = training.Runner.Meta;
            (ours is not null && ours.TryGetValue("fp16", out _)).Should().Be(meta.ValueKind == JsonValueKind.Object);
            if (meta.ValueKind == JsonValueKind.Object)
            {
                ((PthDict)ours!["fp16"]).Select(entry => ((PthText)entry.Key).Value).Should().Equal(meta.EnumerateObject().Select(entry => entry.Name));
            }

            if (meta.ValueKind == JsonValueKind.Object && !isHalfLoaded && meta.TryGetProperty("loss_scaler", out JsonElement state) && state.EnumerateObject().Any())
            {
                ((PthDict)((PthDict)ours!["fp16"])["loss_scaler"]).Should().Equal(StateOf(state).ToPth());
            }

            if (end.TryGetProperty("grads", out JsonElement gradients))
            {
                training.GradientsShouldBe(gradients);
                WeightsShouldBe(training, end.GetProperty("params"));
            }

            StepsShouldBe(training, end);
        }

        private static void StepsShouldBe(GoldenTraining training, JsonElement end)
        {
            if (GoldenCases.Has(end, "steps"))
            {
                FusedOptimizer optimizer = (FusedOptimizer)training.All[0];
                HashSet<IntPtr> held = [.. OptimizerGroup.Of(optimizer).SelectMany(group => group.Parameters).Select(parameter => parameter.Handle)];
                training.Net.parameters().Select(parameter => held.Contains(parameter.Handle) && optimizer.StateOf(parameter) is { Names.Count: > 0 } state ? state["step"].to(ScalarType.Float64).item<double>() : 0)
                    .Should().Equal(end.GetProperty("steps").EnumerateArray().Select(step => step.ValueKind == JsonValueKind.Null ? 0 : step.Number()));
            }
        }
    }
}
