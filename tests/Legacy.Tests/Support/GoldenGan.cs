using System.Text.Json;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>The GAN of <c>gan.json</c> as MMCV trains it: the model is given both optimizers and steps by itself.</summary>
public sealed class GoldenGan : nn.Module, ITrainStep
{
    private readonly JsonElement[] noise;
    private int iteration;

    public GoldenGan(JsonElement file)
        : base(nameof(GoldenGan))
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
                get_parameter($"{network.Name}.{parameter.Name}")!.copy_(Read(parameter.Value));
            }
        }
    }

    public static Tensor Read(JsonElement shaped) => tensor(GoldenCases.Numbers(shaped.GetProperty("values")), ScalarType.Float32)
        .reshape([.. shaped.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);

    public Sequential Network(string name) => (Sequential)named_children().Single(child => child.name == name).module;

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        Tensor real = ((ToyBatch)data).Img;
        Tensor fake = Network("generator").forward(Read(noise[iteration][0])).detach();
        Tensor discriminator = Against(real, 1) + Against(fake, 0);
        Update(optimizer!["discriminator"], discriminator);
        Tensor generator = Against(Network("generator").forward(Read(noise[iteration][1])), 1);
        Update(optimizer["generator"], generator);
        iteration++;
        return new() { NumSamples = (int)real.shape[0], LogVars = new() { ["loss_d"] = discriminator, ["loss_g"] = generator } };
    }

    private static void Update(optim.Optimizer optimizer, Tensor loss)
    {
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
    }

    private Tensor Against(Tensor images, double value)
    {
        Tensor scores = Network("discriminator").forward(images);
        return nn.functional.binary_cross_entropy_with_logits(scores, full_like(scores, value));
    }
}
