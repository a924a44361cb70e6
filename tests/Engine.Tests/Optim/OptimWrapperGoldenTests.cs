using Compat.Torch.Optim;
using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The stored runs of MMEngine's <c>OptimWrapper</c>, but for features that are still to come.</summary>
[Trait("Category", "Golden")]
public sealed class OptimWrapperGoldenTests
{
    private static readonly JsonElement Golden = GoldenFile.Read("engine_optim_wrapper.json");

    public static TheoryData<string> Ids => [.. Cases().Where(one => StillToCome(one) is null).Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void All_cases_are_run_but_those_with_features_to_come_and_both_ways_to_clip_are_among_them()
    {
        Cases().Select(StillToCome).OfType<string>().Distinct().Should().BeSubsetOf(["groups", "schedules", "several optimizers"]);
        Ids.Should().NotBeEmpty();
        Cases().Where(one => StillToCome(one) is null && one.GetProperty("optim_wrapper").TryGetProperty("clip_grad", out _))
            .Select(one => Clip(one.GetProperty("optim_wrapper")).GetType()).Distinct()
            .Should().BeEquivalentTo([typeof(GradClipNormOptions), typeof(GradClipValueOptions)]);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Losses_norms_gradients_and_weights_are_those_of_the_original_after_every_iteration(string id)
    {
        JsonElement golden = Cases().Single(one => one.GetProperty("id").GetString() == id);
        string name = golden.GetProperty("model").GetString()!;
        using GoldenNet model = new(name, Golden.GetProperty("initial_params").GetProperty(name));
        foreach (string frozen in Strings(golden, "frozen"))
        {
            model.get_parameter(frozen)!.requires_grad = false;
        }

        JsonElement config = golden.GetProperty("optim_wrapper");
        using optim.Optimizer optimizer = Optimizer(config.GetProperty("optimizer"), model);
        using LoggingWrapper wrapper = new(Options(config, optimizer), model);
        JsonElement[] rows = [.. golden.GetProperty("iters").EnumerateArray()];
        wrapper.InitializeCountStatus(model, 0, rows.Length, NullLogger.Instance);
        foreach (JsonElement row in rows)
        {
            RunIteration(model, wrapper, row, Golden.GetProperty("data").GetProperty(name == "convbn" ? name : "mlp"));
        }

        rows.Should().NotBeEmpty();
    }

    private static void RunIteration(GoldenNet model, LoggingWrapper wrapper, JsonElement row, JsonElement data)
    {
        using DisposeScope scope = NewDisposeScope();
        string at = $"iteration {row.GetProperty("iter")}";
        wrapper.LastNorm = null;

        wrapper.LrEntries.Should().ContainSingle().Which.Groups.Select(group => group.Lr).Should().Equal(
            GoldenTensor.Numbers(row.GetProperty("lr").GetProperty("lr")));
        LogVars outputs = model.TrainStep(Batch(data, row.GetProperty("batch_idx").GetInt32()), wrapper);

        JsonProperty[] logged = [.. row.GetProperty("log_vars").EnumerateObject()];
        outputs.Names.Should().Equal(logged.Select(value => value.Name));
        foreach (JsonProperty value in logged)
        {
            ShouldBe(value.Value, outputs[value.Name].Read(), $"{value.Name} at {at}");
        }

        ShouldBe(row.GetProperty("grad_norm"), wrapper.LastNorm, $"the norm at {at}");
        wrapper.InnerCount.Should().Be(row.GetProperty("inner_count").GetInt32());
        foreach (JsonProperty expected in row.GetProperty("params").EnumerateObject())
        {
            Compare(expected, model.get_parameter(expected.Name)!, at);
        }

        if (row.TryGetProperty("buffers", out JsonElement buffers))
        {
            foreach (JsonProperty expected in buffers.EnumerateObject())
            {
                Compare(expected, model.get_buffer(expected.Name)!, at);
            }
        }

        JsonElement[] gradients = [.. row.GetProperty("grad_abs_sum").EnumerateArray()];
        Parameter[] parameters = [.. model.parameters()];
        parameters.Should().HaveSameCount(gradients);
        for (int i = 0; i < parameters.Length; i++)
        {
            ShouldBe(gradients[i], parameters[i].grad?.abs().sum().item<float>(), $"gradient {i} at {at}");
        }
    }

    private static JsonElement.ArrayEnumerator Cases() => Golden.GetProperty("cases").EnumerateArray();

    private static string? StillToCome(JsonElement golden)
    {
        if (!golden.TryGetProperty("optim_wrapper", out JsonElement wrapper))
        {
            return "several optimizers";
        }

        return wrapper.TryGetProperty("paramwise_cfg", out _) ? "groups"
            : golden.TryGetProperty("param_scheduler", out _) ? "schedules"
            : null;
    }

    private static OptimWrapperOptions Options(JsonElement config, optim.Optimizer optimizer) => new()
    {
        Optimizer = optimizer,
        AccumulativeCounts = config.TryGetProperty("accumulative_counts", out JsonElement counts) ? counts.GetInt32() : 1,
        SetToNone = false,
        ClipGrad = config.TryGetProperty("clip_grad", out _) ? Clip(config) : null,
    };

    private static GradClipOptions Clip(JsonElement config)
    {
        JsonElement clip = config.GetProperty("clip_grad");
        return clip.TryGetProperty("type", out JsonElement type) && type.GetString() == "value"
            ? new GradClipValueOptions { ClipValue = clip.GetProperty("clip_value").GetDouble() }
            : new GradClipNormOptions
            {
                MaxNorm = clip.GetProperty("max_norm").GetDouble(),
                NormType = Number(clip, "norm_type", 2),
                ErrorIfNonfinite = clip.TryGetProperty("error_if_nonfinite", out JsonElement error) && error.GetBoolean(),
            };
    }

    private static optim.Optimizer Optimizer(JsonElement config, GoldenNet model)
    {
        double lr = Number(config, "lr", 0);
        double decay = Number(config, "weight_decay", 0);
        double[] betas = config.TryGetProperty("betas", out JsonElement given) ? GoldenTensor.Numbers(given) : [0.9, 0.999];
        Compat.Engine.Optim.OptimizerOptions options = config.GetProperty("type").GetString() switch
        {
            "SGD" => new FusedSgdOptions
            {
                Lr = lr,
                Momentum = Number(config, "momentum", 0),
                WeightDecay = decay,
                Nesterov = config.TryGetProperty("nesterov", out JsonElement nesterov) && nesterov.GetBoolean(),
            },
            "AdamW" => new FusedAdamWOptions { Lr = lr, Beta1 = betas[0], Beta2 = betas[1], WeightDecay = decay },
            "Adam" => optim.Adam(model.parameters(), lr, betas[0], betas[1], weight_decay: decay),
            "RMSprop" => optim.RMSProp(model.parameters(), lr, Number(config, "alpha", 0.99)),
            "Adagrad" => optim.Adagrad(model.parameters(), lr, Number(config, "lr_decay", 0), decay),
            string other => throw new NotSupportedException($"The golden file has a new optimizer, {other}."),
            null => throw new FormatException("An optimizer has no type."),
        };
        return options.Build(model);
    }

    private static ToyBatch Batch(JsonElement data, int index)
    {
        int size = data.GetProperty("batch_size").GetInt32();
        int count = data.GetProperty("x_shape")[0].GetInt32();
        int start = index % ((count + size - 1) / size) * size;       // a loop by iterations counts on over the passes
        return new(Rows(data, "x", "float32", start, size), Rows(data, "y", data.GetProperty("y_dtype").GetString()!, start, size));
    }

    private static Tensor Rows(JsonElement data, string name, string dtype, int start, int count)
    {
        long[] shape = [.. data.GetProperty(name + "_shape").EnumerateArray().Select(length => length.GetInt64())];
        Tensor all = GoldenTensor.Make(GoldenTensor.Numbers(data.GetProperty(name)), shape, dtype);
        return all.narrow(0, start, Math.Min(count, shape[0] - start));
    }

    private static void Compare(JsonProperty expected, Tensor actual, string at)
    {
        double[] values = actual.detach().to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
        double[] golden = expected.Value.ValueKind == JsonValueKind.Array ? GoldenTensor.Numbers(expected.Value) : [GoldenTensor.Number(expected.Value)];
        values.Should().HaveSameCount(golden);
        foreach ((double want, double have) in golden.Zip(values))
        {
            GoldenTensor.IsSame(want, have).Should().BeTrue($"{expected.Name} at {at} is {have}, expected {want}");
        }
    }

    private static void ShouldBe(JsonElement expected, double? actual, string what)
    {
        bool same = expected.ValueKind == JsonValueKind.Null
            ? actual is null
            : actual is { } number && GoldenTensor.IsSame(GoldenTensor.Number(expected), number);
        same.Should().BeTrue($"{what} is {actual}, expected {expected}");
    }

    private static double Number(JsonElement config, string name, double otherwise) =>
        config.TryGetProperty(name, out JsonElement value) ? GoldenTensor.Number(value) : otherwise;

    private static IEnumerable<string> Strings(JsonElement golden, string name) =>
        golden.TryGetProperty(name, out JsonElement values) ? values.EnumerateArray().Select(value => value.GetString()!) : [];

    private sealed class LoggingWrapper(OptimWrapperOptions options, nn.Module model) : OptimWrapper(options, model)
    {
        public double? LastNorm { get; set; }

        protected override void LogGradNorm(Tensor norm) => LastNorm = norm.item<float>();
    }
}
