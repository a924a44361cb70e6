using Comparing;
using Compat.Legacy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static Gan.Models.GanParts;
using static TorchSharp.torch;

namespace Gan.Models;

/// <summary>The old model: it is given both optimizers, computes gradients and steps by itself, so no optimizer hook can serve it.</summary>
internal sealed class LegacyGan : nn.Module, ITrainStep
{
    private readonly Generator generator = new();
    private readonly Discriminator discriminator = new();

    public LegacyGan()
        : base(nameof(LegacyGan)) => RegisterComponents();

    public Generator Generator => generator;

    public Discriminator Discriminator => discriminator;

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        Tensor real = ((DigitsBatch)data.To(generator.Device)).Image;
        LogVars logVars = [];
        TrainDiscriminator(real, optimizer!["discriminator"], logVars);
        discriminator.RequireGradients(false);
        TrainGenerator(real, optimizer["generator"], logVars);
        discriminator.RequireGradients(true);
        return new() { NumSamples = (int)real.shape[0], LogVars = logVars };
    }

    private static void Update(Tensor loss, optim.Optimizer optimizer)
    {
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
    }

    private void TrainDiscriminator(Tensor real, optim.Optimizer optimizer, LogVars logVars)
    {
        Tensor fake = generator.forward(Noise(real)).detach();
        Tensor lossReal = Against(discriminator.forward(real), real: true);
        Tensor lossFake = Against(discriminator.forward(fake), real: false);
        Update(lossReal + lossFake, optimizer);
        logVars["loss_real"] = lossReal;
        logVars["loss_fake"] = lossFake;
    }

    private void TrainGenerator(Tensor real, optim.Optimizer optimizer, LogVars logVars)
    {
        Tensor loss = Against(discriminator.forward(generator.forward(Noise(real))), real: true);
        Update(loss, optimizer);
        logVars["loss_gen"] = loss;
    }
}
