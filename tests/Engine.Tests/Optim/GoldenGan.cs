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

/// <summary>The GAN of <c>gan.json</c>: each network has its turn and its wrapper, and the discriminator is frozen in the generator's.</summary>
internal sealed class GoldenGan : BaseModel<ToyBatch>
{
    private readonly JsonElement[] noise;
    private int iteration;

    public GoldenGan(JsonElement file)
    {
        noise = [.. file.GetProperty("noise").EnumerateArray()];
        register_module("generator", nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3)));
        register_module("discriminator", nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1)));
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach (JsonProperty network in file.GetProperty("initial_params").EnumerateObject())
        {
            foreach (JsonProperty parameter in network.Value.EnumerateObject())
            {
                get_parameter($"{network.Name}.{parameter.Name}")!.copy_(GoldenTensor.Read(parameter.Value));
            }
        }
    }

    public Sequential Network(string name) => (Sequential)named_children().Single(child => child.name == name).module;

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        ToyBatch batch = (ToyBatch)DataPreprocessor.Process(data, training: true);
        Tensor discriminator = Train(optimWrapper["discriminator"], () => DiscriminatorLosses(batch.Img));
        Freeze(true);
        Tensor generator = Train(optimWrapper["generator"], GeneratorLosses);
        Freeze(false);
        iteration++;
        return new() { ["loss_d"] = discriminator, ["loss_g"] = generator };
    }

    private static Tensor Against(Tensor scores, double value) => nn.functional.binary_cross_entropy_with_logits(scores, full_like(scores, value));

    private Tensor Train(BaseOptimWrapper wrapper, Func<LossDict> losses)
    {
        LossDict computed;
        using (wrapper.OptimContext(this))
        {
            computed = losses();
        }

        Tensor loss = ParseLosses(computed).Loss;
        wrapper.UpdateParams(loss);
        return loss;
    }

    private LossDict DiscriminatorLosses(Tensor real)
    {
        Tensor fake = Network("generator").forward(Noise(0)).detach();
        return new() { ["loss_d_real"] = Against(Network("discriminator").forward(real), 1), ["loss_d_fake"] = Against(Network("discriminator").forward(fake), 0) };
    }

    private LossDict GeneratorLosses() =>
        new() { ["loss_g"] = Against(Network("discriminator").forward(Network("generator").forward(Noise(1))), 1) };

    private Tensor Noise(int turn) => GoldenTensor.Read(noise[iteration][turn]);

    private void Freeze(bool isFrozen)
    {
        foreach (Parameter parameter in Network("discriminator").parameters())
        {
            parameter.requires_grad = !isFrozen;
        }
    }
}
