using System.Text.Json;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>A net of the golden files with its training step.</summary>
public abstract class GoldenNet(string name) : nn.Module(name), ITrainStep
{
    public static GoldenNet Make(string name, JsonElement initialParams)
    {
        GoldenNet net = name switch
        {
            "mlp" => new Mlp(),
            "mlp_spare" => new MlpSpare(),
            "convbn" => new ConvBn(),
            _ => throw new InvalidDataException($"There is no net {name}."),
        };
        net.SetStart(initialParams.GetProperty(name));
        return net;
    }

    /// <summary>Gets or sets what is done to the loss before anybody else sees it.</summary>
    public Func<Tensor, Tensor> Change { get; set; } = loss => loss;

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        GoldenNetBatch batch = (GoldenNetBatch)data;
        (Tensor loss, string metric, Tensor value) = Loss(batch);
        loss = Change(loss);
        return new() { Loss = loss, NumSamples = (int)batch.X.shape[0], LogVars = new LogVars { ["loss"] = loss, [metric] = value } };
    }

    protected abstract (Tensor Loss, string Metric, Tensor Value) Loss(GoldenNetBatch batch);

    private void SetStart(JsonElement start)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            parameter.copy_(tensor(GoldenCases.Numbers(start.GetProperty(name).GetProperty("values"))).reshape(parameter.shape));
        }
    }

    private class Mlp : GoldenNet
    {
        private readonly Linear fc1 = nn.Linear(3, 4);
        private readonly Linear fc2 = nn.Linear(4, 2);

        public Mlp()
            : base(nameof(Mlp)) => RegisterComponents();

        protected override (Tensor Loss, string Metric, Tensor Value) Loss(GoldenNetBatch batch)
        {
            Tensor output = fc2.forward(nn.functional.relu(fc1.forward(batch.X)));
            return (nn.functional.mse_loss(output, batch.Y), "mae", (output - batch.Y).abs().mean());
        }
    }

    // The forward pass never touches the last layer.
    private sealed class MlpSpare : Mlp
    {
        public MlpSpare() => register_module("spare", nn.Linear(2, 1));
    }

    private sealed class ConvBn : GoldenNet
    {
        private readonly Conv2d conv = nn.Conv2d(1, 2, 3, padding: 1, bias: false);
        private readonly BatchNorm2d bn = nn.BatchNorm2d(2);
        private readonly Linear fc = nn.Linear(2, 3);

        public ConvBn()
            : base(nameof(ConvBn)) => RegisterComponents();

        protected override (Tensor Loss, string Metric, Tensor Value) Loss(GoldenNetBatch batch)
        {
            Tensor output = fc.forward(nn.functional.relu(bn.forward(conv.forward(batch.X))).mean([2, 3]));
            return (nn.functional.cross_entropy(output, batch.Y), "acc", output.argmax(1).eq(batch.Y).to(ScalarType.Float32).mean());
        }
    }
}
