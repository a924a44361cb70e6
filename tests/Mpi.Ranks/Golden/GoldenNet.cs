using System.Text.Json;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A net of the golden file, with the weights that it starts from, and its loss.</summary>
internal sealed class GoldenNet : nn.Module, ITrainStep, IValStep
{
    private readonly JsonElement golden;
    private readonly string kind;
    private readonly int rank;
    private int forwards;

    public GoldenNet(JsonElement file, JsonElement golden, int rank)
        : base(string.Empty)
    {
        this.golden = golden;
        this.rank = rank;
        kind = golden.GetProperty("model").GetString()!;
        foreach ((string name, nn.Module layer) in Layers())
        {
            register_module(name, layer);
        }

        string table = kind switch
        {
            "mlp_gate" => "mlp_spare",
            "mlp_twice" => "mlp",
            _ => kind,
        };
        double shift = golden.TryGetProperty("init", out _) ? file.GetProperty("rank_shift").Number() * rank : 0;
        using IDisposable guard = no_grad();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            float[] values = [.. file.GetProperty("initial_params").GetProperty(table).GetProperty(name).GetProperty("values").EnumerateArray().Select(value => (float)value.Number())];
            parameter.copy_(tensor(values).reshape(parameter.shape).add(shift));
            parameter.requires_grad = !golden.TryGetProperty("frozen", out JsonElement frozen) || frozen.EnumerateArray().All(one => one.GetString() != name);
        }
    }

    /// <summary>Gets the loss and the second value of the log.</summary>
    public (Tensor Loss, string Name, Tensor Value) Measure(Tensor x, Tensor y)
    {
        Tensor output = Output(x);
        return kind == "convbn"
            ? (nn.functional.cross_entropy(output, y), "acc", output.argmax(1).eq(y).to(float32).mean())
            : (nn.functional.mse_loss(output, y), "mae", (output - y).abs().mean());
    }

    /// <summary>Gets what a validation measures of each sample.</summary>
    public Tensor MeasureEach(Tensor x, Tensor y) => kind == "convbn"
        ? nn.functional.cross_entropy(Output(x), y, reduction: nn.Reduction.None)
        : (Output(x) - y).abs().mean([1]);

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        StepOutputs outputs = ValStep(data, optimizer);
        if (GoldenSettings.Flag(golden, "step_inside"))
        {
            optimizer!.Single.zero_grad();
            outputs.Loss!.backward();
            optimizer.Single.step();
        }

        return outputs;
    }

    public StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer)
    {
        GoldenBatch batch = (GoldenBatch)data;
        (Tensor loss, string name, Tensor value) = Measure(batch.X, batch.Y);
        return new() { Loss = loss, LogVars = new LogVars { ["loss"] = loss, [name] = value }, NumSamples = (int)batch.X.shape[0] };
    }

    public Tensor Run(string name, Tensor x) => ((nn.Module<Tensor, Tensor>)Layer(name)).forward(x);

    public float[] Weights() => [.. parameters().SelectMany(parameter => parameter.detach().contiguous().reshape(-1).data<float>().ToArray())];

    public nn.Module Layer(string name) => named_children().Single(child => child.name == name).module;

    private Tensor Output(Tensor x)
    {
        if (kind == "convbn")
        {
            return Run("fc", nn.functional.relu(Run("bn", Run("conv", x))).mean([2L, 3L]));
        }

        Tensor output = Run("fc2", nn.functional.relu(Run("fc1", x)));
        bool usesSpare = kind == "mlp_gate" && training && golden.GetProperty("gate")[rank][forwards++].GetBoolean();
        return usesSpare ? output + Run("spare", output) : output;
    }

    private IEnumerable<(string Name, nn.Module Layer)> Layers() => kind switch
    {
        "convbn" => [("conv", nn.Conv2d(1, 2, 3, padding: 1, bias: false)), ("bn", nn.BatchNorm2d(2)), ("fc", nn.Linear(2, 3))],
        "gan" =>
        [
            ("generator", nn.Sequential(("0", nn.Linear(2, 4)), ("1", nn.ReLU()), ("2", nn.Linear(4, 3)))),
            ("discriminator", nn.Sequential(("0", nn.Linear(3, 4)), ("1", nn.LeakyReLU(0.2)), ("2", nn.Linear(4, 1)))),
        ],
        "mlp" or "mlp_twice" => [("fc1", nn.Linear(3, 4)), ("fc2", nn.Linear(4, 2))],
        _ => [("fc1", nn.Linear(3, 4)), ("fc2", nn.Linear(4, 2)), ("spare", nn.Linear(2, 1))],
    };
}
