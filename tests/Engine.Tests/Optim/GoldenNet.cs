using System.Text.Json;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The nets of <c>engine_optim_wrapper.json</c>: two layers, two and a spare one, or a convolution with batch norm.</summary>
internal sealed class GoldenNet : BaseModel<ToyBatch>
{
    private readonly bool isConvBn;

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

    protected override LossDict Loss(ToyBatch batch)
    {
        if (isConvBn)
        {
            Tensor features = nn.functional.relu(Apply("bn", Apply("conv", batch.Img))).mean([2, 3]);
            Tensor scores = Apply("fc", features);
            return new()
            {
                ["loss_main"] = nn.functional.cross_entropy(scores, batch.Label),
                ["acc"] = scores.argmax(1).eq(batch.Label).to(ScalarType.Float32).mean(),
            };
        }

        Tensor output = Apply("fc2", nn.functional.relu(Apply("fc1", batch.Img)));
        return new() { ["loss_main"] = nn.functional.mse_loss(output, batch.Label), ["mae"] = (output - batch.Label).abs().mean() };
    }

    private Tensor Apply(string name, Tensor input) => ((nn.Module<Tensor, Tensor>)named_children().Single(child => child.name == name).module).forward(input);
}
