using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

/// <summary>Trainings with MMCV's OptimizerHook: everything after every iteration.</summary>
[Trait("Category", "Golden")]
public sealed class OptimizerHookGoldenTests
{
    private static readonly GoldenCases File = new("legacy_optimizer_hooks.json");

    // Not there yet: accumulation, the search for anomalous parameters, the parameter-wise constructor, momentum schedules.
    public static TheoryData<string> Cases => File.Where(entry =>
        entry.GetProperty("optimizer_config").GetProperty("type").GetString() == "OptimizerHook"
        && !GoldenCases.Has(entry.GetProperty("optimizer_config"), "detect_anomalous_params")
        && !GoldenCases.Has(entry, "paramwise_cfg")
        && !GoldenCases.Has(entry, "momentum_config"));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_iteration_is_that_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        string name = golden.GetProperty("model").GetString()!;
        JsonElement data = File.Root.GetProperty("data").GetProperty(name);
        ListLogger logger = new();
        using GoldenNet net = GoldenNet.Make(name, File.Root.GetProperty("initial_params"));
        Freeze(net, golden);
        using optim.Optimizer optimizer = Make(net.parameters(), golden.GetProperty("optimizer"));
        using WorkflowRunner runner = GoldenRunner.Make(
            net,
            golden,
            new RunnerOptions
            {
                Logger = logger,
                Optimizer = optimizer,
                Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = true },        // recorded on PyTorch 1.13
            });
        runner.RegisterOptimizerHook(new OptimizerConfig { GradClip = Clip(golden.GetProperty("optimizer_config")) });
        JsonElement[] iterations = [.. golden.GetProperty("iters").EnumerateArray()];
        int next = 0;
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => ShouldBe(inner, iterations[next++]) }, HookPriority.Lowest);

        runner.Run([new BatchLoader(new GoldenNetDataset(data), new BatchLoaderOptions { BatchSize = data.GetProperty("batch_size").GetInt32() })], [("train", 1)]);

        next.Should().Be(iterations.Length).And.BePositive();
        logger.Warnings.Should().BeEmpty();
        golden.GetProperty("messages").GetArrayLength().Should().Be(0);
    }

    private static void ShouldBe(BaseRunner runner, JsonElement expected)
    {
        (runner.Epoch, runner.Iter, runner.InnerIter).Should().Be(
            (expected.GetProperty("epoch").GetInt32(), expected.GetProperty("iter").GetInt32(), expected.GetProperty("inner_iter").GetInt32()));
        StepOutputs outputs = runner.Outputs!;
        outputs.NumSamples.Should().Be(expected.GetProperty("num_samples").GetInt32());
        Near("loss", expected.GetProperty("loss").GetDouble(), new LogValue(outputs.Loss!).Read());
        outputs.LogVars!.Names.Should().Equal(expected.GetProperty("log_vars").EnumerateObject().Select(entry => entry.Name));
        foreach (JsonProperty entry in expected.GetProperty("log_vars").EnumerateObject())
        {
            Near(entry.Name, entry.Value.GetDouble(), outputs.LogVars[entry.Name].Read());
        }

        GradNorm(runner, expected.GetProperty("grad_norm"));
        runner.CurrentLr().Values[0].Value.Should().Equal(GoldenCases.Numbers(expected.GetProperty("lr")));
        runner.CurrentMomentum().Values[0].Value.Should().Equal(GoldenCases.Numbers(expected.GetProperty("momentum")));
        Tensors(expected.GetProperty("params"), runner.Model.named_parameters().ToDictionary(entry => entry.name, entry => (Tensor)entry.parameter));
        Gradients(runner.Model, [.. expected.GetProperty("grad_abs_sum").EnumerateArray()]);
        if (expected.TryGetProperty("buffers", out JsonElement buffers))
        {
            Tensors(buffers, runner.Model.named_buffers().ToDictionary(entry => entry.name, entry => entry.buffer));
        }
    }

    private static void GradNorm(BaseRunner runner, JsonElement expected)
    {
        runner.LogBuffer.Average(1);
        runner.LogBuffer.Output.ContainsKey("grad_norm").Should().Be(expected.ValueKind != JsonValueKind.Null);
        if (expected.ValueKind != JsonValueKind.Null)
        {
            Near("grad_norm", expected.GetDouble(), runner.LogBuffer.Output["grad_norm"]);
        }
    }

    private static void Gradients(nn.Module model, JsonElement[] expected)
    {
        Parameter[] parameters = [.. model.parameters()];
        parameters.Should().HaveSameCount(expected);
        for (int i = 0; i < expected.Length; i++)
        {
            Tensor? gradient = parameters[i].grad;
            (gradient is null).Should().Be(expected[i].ValueKind == JsonValueKind.Null, "gradient {0} is as in MMCV", i);
            if (gradient is not null)
            {
                Near($"gradient {i}", expected[i].GetDouble(), gradient.to(ScalarType.Float64).abs().sum().item<double>());
            }
        }
    }

    private static void Tensors(JsonElement expected, Dictionary<string, Tensor> actual)
    {
        actual.Keys.Should().Equal(expected.EnumerateObject().Select(entry => entry.Name));
        foreach (JsonProperty entry in expected.EnumerateObject())
        {
            double[] values = actual[entry.Name].detach().to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
            double[] wanted = GoldenCases.Numbers(entry.Value);
            values.Should().HaveSameCount(wanted);
            for (int i = 0; i < wanted.Length; i++)
            {
                Near($"{entry.Name}[{i}]", wanted[i], values[i]);
            }
        }
    }

    private static void Near(string what, double expected, double actual) =>
        GoldenTolerance.IsSameFloat(expected, actual).Should().BeTrue("{0} is {1:R} there and {2:R} here", what, expected, actual);

    private static void Freeze(nn.Module net, JsonElement golden)
    {
        if (golden.TryGetProperty("frozen", out JsonElement frozen))
        {
            string[] names = [.. frozen.EnumerateArray().Select(entry => entry.GetString()!)];
            foreach ((string name, Parameter parameter) in net.named_parameters().Where(entry => names.Contains(entry.name)))
            {
                parameter.requires_grad = false;
            }
        }
    }

    private static GradClipConfig? Clip(JsonElement config) => config.TryGetProperty("grad_clip", out JsonElement clip) && clip.ValueKind == JsonValueKind.Object
        ? new GradClipConfig(clip.GetProperty("max_norm").GetDouble(), clip.TryGetProperty("norm_type", out JsonElement type) ? GoldenCases.Number(type) : 2)
        : null;

    private static optim.Optimizer Make(IEnumerable<Parameter> parameters, JsonElement options)
    {
        double lr = options.GetProperty("lr").GetDouble();
        double weightDecay = Option(options, "weight_decay");
        return options.GetProperty("type").GetString() switch
        {
            "SGD" => optim.SGD(parameters, lr, Option(options, "momentum"), Option(options, "dampening"), weightDecay, Flag(options, "nesterov")),
            "Adam" => new FusedAdam(parameters, new() { Lr = lr, WeightDecay = weightDecay, Beta1 = Beta(options, 0, 0.9), Beta2 = Beta(options, 1, 0.999), Amsgrad = Flag(options, "amsgrad") }),
            "AdamW" => new FusedAdamW(parameters, new() { Lr = lr, WeightDecay = weightDecay, Beta1 = Beta(options, 0, 0.9), Beta2 = Beta(options, 1, 0.999) }),
            "RMSprop" => new FusedRmsProp(
                parameters, new() { Lr = lr, WeightDecay = weightDecay, Alpha = Option(options, "alpha", 0.99), Momentum = Option(options, "momentum"), Centered = Flag(options, "centered") }),
            "Adagrad" => new FusedAdagrad(parameters, new() { Lr = lr, WeightDecay = weightDecay, LrDecay = Option(options, "lr_decay") }),
            string other => throw new InvalidDataException($"There is no optimizer {other} here."),
            null => throw new InvalidDataException("The optimizer has no type."),
        };
    }

    private static double Option(JsonElement options, string name, double missing = 0) =>
        options.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : missing;

    private static double Beta(JsonElement options, int index, double missing) =>
        options.TryGetProperty("betas", out JsonElement betas) ? betas[index].GetDouble() : missing;

    private static bool Flag(JsonElement options, string name) => options.TryGetProperty(name, out JsonElement value) && value.GetBoolean();
}
