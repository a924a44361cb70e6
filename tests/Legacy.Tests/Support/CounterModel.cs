using System.Text.Json;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>The model of the golden runs: one weight, whose loss is the sum of weight times batch.</summary>
public sealed class CounterModel : nn.Module, ITrainStep, IValStep
{
    private readonly Parameter w;
    private readonly string? output;

    public CounterModel(JsonElement golden)
        : base(nameof(CounterModel))
    {
        w = new Parameter(full(1, golden.TryGetProperty("w0", out JsonElement start) ? start.Number() : 0));
        output = GoldenCases.Text(golden, "output");
        RegisterComponents();
    }

    public static double[] Values(DataBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. ((ToyBatch)batch).Img.flatten().data<float>().Select(value => (double)value)];
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        Tensor loss = Loss(data);
        return new()
        {
            Loss = loss,
            NumSamples = output == "no_num_samples" ? null : Size(data),
            LogVars = output == "no_log_vars" ? null : new LogVars { ["loss"] = loss },
        };
    }

    public StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer) =>
        new() { NumSamples = Size(data), LogVars = new LogVars { ["val_loss"] = Loss(data), ["size"] = Size(data) } };

    private static int Size(DataBatch data) => (int)((ToyBatch)data).Img.shape[0];

    private Tensor Loss(DataBatch data) => (w * ((ToyBatch)data).Img).sum();
}
