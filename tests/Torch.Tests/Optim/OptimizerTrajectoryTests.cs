using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>Every optimizer, computed in every way, against the weights that PyTorch gave in a real run.</summary>
[Trait("Category", "Golden")]
public sealed class OptimizerTrajectoryTests
{
    private static readonly JsonElement File = GoldenFile.Read("legacy_optimizer_hooks.json");

    public static TheoryData<string, Implementation> Cases
    {
        get
        {
            TheoryData<string, Implementation> cases = [];
            foreach (JsonElement golden in File.GetProperty("cases").EnumerateArray().Where(IsPlain))
            {
                string type = golden.GetProperty("optimizer").GetProperty("type").GetString()!;
                foreach (Implementation way in Enum.GetValues<Implementation>().Where(way => Exists(type, way)))
                {
                    cases.Add(golden.GetProperty("id").GetString()!, way);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_are_those_of_PyTorch_after_every_step(string id, Implementation way)
    {
        using DisposeScope scope = NewDisposeScope();
        JsonElement golden = File.GetProperty("cases").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);
        Dictionary<string, Parameter> weights = InitialWeights();
        using optim.Optimizer optimizer = Optimizer(golden.GetProperty("optimizer"), weights.Values, way);
        (Tensor x, Tensor y)[] batches = [.. Batches()];
        int step = 0;
        foreach (JsonElement row in golden.GetProperty("iters").EnumerateArray())
        {
            (Tensor x, Tensor y) = batches[step++ % batches.Length];
            optimizer.zero_grad();
            Loss(weights, x, y).backward();
            optimizer.step();
            foreach (JsonProperty expected in row.GetProperty("params").EnumerateObject())
            {
                double[] values = [.. expected.Value.EnumerateArray().Select(value => value.Number())];
                weights[expected.Name].ToArray().Zip(values, (actual, golden) => GoldenTolerance.IsSameFloat(golden, actual))
                    .Should().OnlyContain(same => same, $"{expected.Name} after step {step}");
            }
        }

        step.Should().Be(6);
    }

    [Fact]
    public void The_comparison_sees_another_momentum()
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Parameter> right = InitialWeights();
        Dictionary<string, Parameter> wrong = InitialWeights();
        foreach ((Dictionary<string, Parameter> weights, double momentum) in new[] { (right, 0.9), (wrong, 0.91) })
        {
            using FusedSgd optimizer = new(weights.Values, new() { Lr = 0.05, Momentum = momentum });
            foreach ((Tensor x, Tensor y) in Batches())
            {
                optimizer.zero_grad();
                Loss(weights, x, y).backward();
                optimizer.step();
            }
        }

        right["fc2.bias"].ToArray().Zip(wrong["fc2.bias"].ToArray(), (a, b) => GoldenTolerance.IsSameFloat(a, b)).Should().Contain(false);
    }

    private static bool IsPlain(JsonElement golden) => golden.GetProperty("id").GetString()!.StartsWith("plain/", StringComparison.Ordinal);

    private static bool Exists(string type, Implementation way) => (type, way) switch
    {
        ("RMSprop", Implementation.Fused) or ("Adagrad", Implementation.Foreach) => false,
        _ => true,
    };

    private static optim.Optimizer Optimizer(JsonElement options, IEnumerable<Parameter> parameters, Implementation way)
    {
        double Number(string name, double otherwise) => options.TryGetProperty(name, out JsonElement value) ? value.Number() : otherwise;
        bool Flag(string name) => options.TryGetProperty(name, out JsonElement value) && value.GetBoolean();
        (double first, double second) = options.TryGetProperty("betas", out JsonElement betas) ? (betas[0].Number(), betas[1].Number()) : (0.9, 0.999);
        double lr = Number("lr", double.NaN);
        double decay = Number("weight_decay", 0);
        return options.GetProperty("type").GetString() switch
        {
            "SGD" => new FusedSgd(
                parameters,
                new() { Lr = lr, Momentum = Number("momentum", 0), Dampening = Number("dampening", 0), WeightDecay = decay, Nesterov = Flag("nesterov") },
                way),
            "Adam" => new FusedAdam(parameters, new() { Lr = lr, Beta1 = first, Beta2 = second, WeightDecay = decay, Amsgrad = Flag("amsgrad") }, way),
            "AdamW" => new FusedAdamW(parameters, new() { Lr = lr, Beta1 = first, Beta2 = second, WeightDecay = decay }, way),
            "Adagrad" => new FusedAdagrad(parameters, new() { Lr = lr, LrDecay = Number("lr_decay", 0), WeightDecay = decay }, way),
            "RMSprop" => new FusedRmsProp(
                parameters,
                new() { Lr = lr, Alpha = Number("alpha", 0.99), Momentum = Number("momentum", 0), Centered = Flag("centered"), WeightDecay = decay },
                way),
            string other => throw new NotSupportedException($"The golden file has an optimizer '{other}' that this test does not know."),
            null => throw new InvalidDataException("The golden file has an optimizer without a type."),
        };
    }

    // fc2(relu(fc1(x))), mean squared error.
    private static Tensor Loss(Dictionary<string, Parameter> weights, Tensor x, Tensor y)
    {
        Tensor hidden = nn.functional.relu(nn.functional.linear(x, weights["fc1.weight"], weights["fc1.bias"]));
        return nn.functional.mse_loss(nn.functional.linear(hidden, weights["fc2.weight"], weights["fc2.bias"]), y);
    }

    private static Dictionary<string, Parameter> InitialWeights() => File.GetProperty("initial_params").GetProperty("mlp").EnumerateObject()
        .ToDictionary(entry => entry.Name, entry => new Parameter(Read(entry.Value.GetProperty("values"), entry.Value.GetProperty("shape"))));

    private static IEnumerable<(Tensor X, Tensor Y)> Batches()
    {
        JsonElement data = File.GetProperty("data").GetProperty("mlp");
        int size = data.GetProperty("batch_size").GetInt32();
        Tensor x = Read(data.GetProperty("x"), data.GetProperty("x_shape"));
        Tensor y = Read(data.GetProperty("y"), data.GetProperty("y_shape"));
        for (long start = 0; start < x.shape[0]; start += size)
        {
            long length = Math.Min(size, x.shape[0] - start);
            yield return (x.narrow(0, start, length), y.narrow(0, start, length));
        }
    }

    private static Tensor Read(JsonElement values, JsonElement shape) =>
        tensor(values.EnumerateArray().Select(value => value.GetSingle()).ToArray()).reshape([.. shape.EnumerateArray().Select(size => size.GetInt64())]);
}
