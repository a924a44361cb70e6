using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>A training as a golden case of the optimizer hooks has it, up to the point where hooks of the test are added.</summary>
public sealed class GoldenTraining : IDisposable
{
    private readonly JsonElement golden;
    private readonly JsonElement data;
    private readonly List<optim.Optimizer> optimizers = [];

    /// <summary>Makes net, optimizer and runner.</summary>
    /// <param name="file">The file, for its tables.</param>
    /// <param name="golden">The case.</param>
    /// <param name="implementation">How optimizers compute.</param>
    public GoldenTraining(GoldenCases file, JsonElement golden, Implementation implementation = Implementation.Auto)
    {
        this.golden = golden;
        string name = golden.GetProperty("model").GetString()!;
        data = file.Root.GetProperty("data").GetProperty(name == "mlp_spare" ? "mlp" : name);
        Net = GoldenNet.Make(name, file.Root.GetProperty("initial_params"));
        Freeze();
        Runner = GoldenRunner.Make(
            Net,
            golden,
            new RunnerOptions
            {
                Logger = Logger,
                Optimizer = Optimizers(implementation),
                Meta = GoldenCases.Has(golden, "meta") ? RunnerMeta.FromPth((PthDict)Value(golden.GetProperty("meta"))) : null,
                NonFiniteLoss = NonFiniteLoss.Ignore,                                            // MMCV trains on
                Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = true },            // recorded on PyTorch 1.13
            });
        if (golden.TryGetProperty("start_iter", out JsonElement start))
        {
            Runner.UseState(new RunnerState { Iter = start.GetInt32(), MaxIters = Runner.MaxIters, MaxEpochs = Runner.MaxEpochs });
        }
    }

    public GoldenNet Net { get; }

    public ListLogger Logger { get; } = new();

    public WorkflowRunner Runner { get; }

    public IReadOnlyList<optim.Optimizer> All => optimizers;

    public void Train(params (Hook Hook, HookPriority Priority)[] hooks)
    {
        Runner.RegisterTrainingHooks(new()
        {
            OptimizerConfig = GoldenConfigs.Optimizer(golden.GetProperty("optimizer_config")),
            LrConfig = GoldenCases.Has(golden, "lr_config") ? GoldenConfigs.Lr(golden.GetProperty("lr_config")) : null,
            MomentumConfig = GoldenCases.Has(golden, "momentum_config") ? GoldenConfigs.Momentum(golden.GetProperty("momentum_config")) : null,
            TimerConfig = null,
        });
        Runner.RegisterHook(new ActionHook { AtBeforeTrainIter = runner => Net.Change = loss => Injected(loss, runner.Iter) });
        foreach ((Hook hook, HookPriority priority) in hooks)
        {
            Runner.RegisterHook(hook, priority);
        }

        Runner.Run([new BatchLoader(new GoldenNetDataset(data), new BatchLoaderOptions { BatchSize = data.GetProperty("batch_size").GetInt32() })], [("train", 1)]);
    }

    /// <summary>Compares what was logged as a warning or an error; names of parameters lack MMCV's outer module <c>net</c>.</summary>
    public void MessagesShouldBe() =>
        Logger.Lines.Zip(Logger.Levels, (text, level) => (text, level.ToString().ToUpperInvariant()))
            .Where(line => line.Item2 is "WARNING" or "ERROR" && !Logger.Ours.Any(ours => ours.Text == line.text))
            .Should().Equal(golden.GetProperty("messages").EnumerateArray().Select(line =>
                (line[1].GetString()!.StartsWith("net.", StringComparison.Ordinal) ? line[1].GetString()![4..] : line[1].GetString()!, line[0].GetString()!)));

    /// <summary>Compares the sums of the absolute gradients that are left, null where there is none.</summary>
    public void GradientsShouldBe(JsonElement expected)
    {
        Parameter[] parameters = [.. Net.parameters()];
        parameters.Should().HaveCount(expected.GetArrayLength());
        for (int i = 0; i < parameters.Length; i++)
        {
            Tensor? gradient = parameters[i].grad;
            (gradient is null).Should().Be(expected[i].ValueKind == JsonValueKind.Null, "gradient {0} is as in MMCV", i);
            if (gradient is not null)
            {
                Near($"gradient {i}", GoldenCases.Number(expected[i]), gradient.to(ScalarType.Float64).abs().sum().item<double>());
            }
        }
    }

    /// <summary>Compares the norm that was logged in the present iteration, null for none.</summary>
    public static void GradNormShouldBe(BaseRunner runner, JsonElement expected)
    {
        runner.LogBuffer.Average(1);
        runner.LogBuffer.Output.ContainsKey("grad_norm").Should().Be(expected.ValueKind != JsonValueKind.Null);
        if (expected.ValueKind != JsonValueKind.Null)
        {
            Near("grad_norm", GoldenCases.Number(expected), runner.LogBuffer.Output["grad_norm"]);
        }
    }

    public static void Near(string what, double expected, double actual) =>
        GoldenTolerance.IsSameFloat(expected, actual).Should().BeTrue("{0} is {1:R} there and {2:R} here", what, expected, actual);

    public static void NearAll(string what, JsonElement expected, Tensor actual)
    {
        double[] values = actual.detach().to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
        double[] wanted = GoldenCases.Numbers(expected);
        values.Should().HaveSameCount(wanted);
        for (int i = 0; i < wanted.Length; i++)
        {
            Near($"{what}[{i}]", wanted[i], values[i]);
        }
    }

    public void Dispose()
    {
        Runner.Dispose();
        optimizers.ForEach(optimizer => optimizer.Dispose());
        Net.Dispose();
    }

    /// <summary>Makes a value of a checkpoint from JSON, whose dictionaries hold dictionaries, numbers and texts.</summary>
    public static PthValue Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Aggregate(new PthDict(), (dict, entry) =>
        {
            dict[entry.Name] = Value(entry.Value);
            return dict;
        }),
        JsonValueKind.Number when value.GetRawText().Contains('.', StringComparison.Ordinal) => value.Number(),
        JsonValueKind.Number => value.GetInt32(),
        _ => value.GetString()!,
    };

    private void Freeze()
    {
        if (golden.TryGetProperty("frozen", out JsonElement frozen))
        {
            string[] names = [.. frozen.EnumerateArray().Select(entry => entry.GetString()!)];
            foreach ((string name, Parameter parameter) in Net.named_parameters().Where(entry => names.Contains(entry.name)))
            {
                parameter.requires_grad = false;
            }
        }
    }

    private OptimizerSet Optimizers(Implementation implementation)
    {
        FusedOptimizerOptions options = GoldenOptimizers.Options(golden.GetProperty("optimizer"));
        optim.Optimizer Make(params string[] modules)
        {
            optimizers.Add(options.Build(Groups(options, modules), implementation));
            return optimizers[^1];
        }

        return golden.TryGetProperty("optimizer_dict", out _)
            ? new OptimizerSet(new Dictionary<string, optim.Optimizer> { ["fc1"] = Make("fc1"), ["fc2"] = Make("fc2") })
            : Make(golden.TryGetProperty("optimized", out JsonElement only) ? [.. only.EnumerateArray().Select(entry => entry.GetString()!)] : []);
    }

    // What DefaultOptimizerConstructor of MMCV makes of 'custom_keys' and 'bias_lr_mult': a group for each parameter, frozen ones as they are.
    private IEnumerable<ParameterGroup> Groups(FusedOptimizerOptions options, string[] modules)
    {
        (string Name, Parameter Parameter)[] all =
            [.. Net.named_parameters().Where(entry => modules.Length == 0 || modules.Contains(entry.name.Split('.')[0])).Select(entry => (entry.name, entry.parameter))];
        if (!golden.TryGetProperty("paramwise_cfg", out JsonElement paramwise))
        {
            return [new ParameterGroup(all.Select(entry => entry.Parameter))];
        }

        JsonProperty[] keys = [.. paramwise.GetProperty("custom_keys").EnumerateObject()];
        double bias = paramwise.GetProperty("bias_lr_mult").Number();
        return all.Select(entry => !entry.Parameter.requires_grad ? new ParameterGroup([entry.Parameter]) : keys.FirstOrDefault(key => entry.Name.Contains(key.Name, StringComparison.Ordinal)) is { Value.ValueKind: JsonValueKind.Object } key
            ? new ParameterGroup([entry.Parameter])
            {
                Lr = options.Lr * key.Value.GetProperty("lr_mult").Number(),
                WeightDecay = options.WeightDecay * key.Value.GetProperty("decay_mult").Number(),
            }
            : new ParameterGroup([entry.Parameter]) { Lr = options.Lr * (entry.Name.EndsWith("bias", StringComparison.Ordinal) ? bias : 1) });
    }

    private Tensor Injected(Tensor loss, int iter)
    {
        foreach (JsonElement change in golden.TryGetProperty("inject", out JsonElement inject) ? inject.EnumerateArray().Where(change => change[0].GetInt32() == iter) : [])
        {
            loss = change[1].GetString() == "factor"
                ? loss * GoldenCases.Number(change[2])
                : loss + (Net.get_parameter(change[2].GetString()!)!.reshape(-1)[change[3].GetInt32()] * GoldenCases.Number(change[4]));
        }

        return loss;
    }
}
