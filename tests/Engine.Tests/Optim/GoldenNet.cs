using System.Text.Json;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>
/// The nets of <c>engine_optim_wrapper.json</c> and <c>fp16_engine*.json</c>: two layers, two and a spare one, or a convolution with batch norm. With several wrappers
/// each is updated from a fresh forward.
/// </summary>
internal sealed class GoldenNet : BaseModel<ToyBatch>
{
    private readonly bool isConvBn;
    private int iteration;
    private string? turn;

    public GoldenNet(string name, JsonElement initial)
    {
        isConvBn = name == "convbn";
        if (isConvBn)
        {
            register_module("conv", nn.Conv2d(1, 2, 3, padding: 1, bias: false));
            register_module("bn", nn.BatchNorm2d(2));
            register_module("fc", nn.Linear(2, 3));
        }
        else
        {
            register_module("fc1", nn.Linear(3, 4));
            register_module("fc2", nn.Linear(4, 2));
        }

        if (name == "mlp_spare")
        {
            register_module("spare", nn.Linear(2, 1));
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach ((string key, Parameter parameter) in named_parameters())
        {
            parameter.copy_(GoldenTensor.Read(initial.GetProperty(key)));
        }
    }

    /// <summary>Gets what is done to losses.</summary>
    public GoldenInjection Injection { get; init; } = new();

    public nn.Module Child(string name) => named_children().Single(child => child.name == name).module;

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        LogVars outputs = optimWrapper.Members.Count == 0 ? base.TrainStep(data, optimWrapper) : TrainInTurn(data, optimWrapper);
        iteration++;
        return outputs;
    }

    /// <summary>Computes the loss of an update that is made by hand.</summary>
    public Tensor LossOf(ToyBatch batch, int update)
    {
        iteration = update;
        return ParseLosses(Loss(batch)).Loss;
    }

    protected override LossDict Loss(ToyBatch batch)
    {
        if (isConvBn)
        {
            Tensor features = nn.functional.relu(Apply("bn", Apply("conv", batch.Img))).mean([2, 3]);
            Tensor scores = Apply("fc", features);
            return new()
            {
                ["loss_main"] = Injection.Apply(this, iteration, turn, nn.functional.cross_entropy(scores, batch.Label)),
                ["acc"] = scores.argmax(1).eq(batch.Label).to(ScalarType.Float32).mean(),
            };
        }

        Tensor output = Apply("fc2", nn.functional.relu(Apply("fc1", batch.Img)));
        Tensor loss = nn.functional.mse_loss(output, batch.Label);
        return new() { ["loss_main"] = Injection.Apply(this, iteration, turn, loss), ["mae"] = (output - batch.Label).abs().mean() };
    }

    private LogVars TrainInTurn(DataBatch data, BaseOptimWrapper wrappers)
    {
        DataBatch batch = DataPreprocessor.Process(data, training: true);
        LogVars outputs = [];
        LogVars last = [];
        foreach ((string name, BaseOptimWrapper wrapper) in wrappers.Members)
        {
            turn = name;
            LossDict losses;
            using (wrapper.OptimContext(this))
            {
                losses = Loss(batch);
            }

            (Tensor loss, last) = ParseLosses(losses);
            wrapper.UpdateParams(loss);
            outputs[$"loss_{name}"] = loss;
        }

        foreach ((string name, LogValue value) in last)
        {
            outputs[name] = value;
        }

        return outputs;
    }

    private Tensor Apply(string name, Tensor input) => ((nn.Module<Tensor, Tensor>)Child(name)).forward(input);
}
