using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Gan.Models;

/// <summary>Says how real a digit looks: a number without bounds, above 0 for real. The same class serves the old model and the ported one.</summary>
internal sealed class Discriminator : nn.Module<Tensor, Tensor>
{
    private readonly Linear fc1 = nn.Linear(64, 128);
    private readonly Linear fc2 = nn.Linear(128, 64);
    private readonly Linear fc3 = nn.Linear(64, 1);

    public Discriminator()
        : base(nameof(Discriminator)) => RegisterComponents();

    public override Tensor forward(Tensor image) =>
        fc3.forward(leaky_relu(fc2.forward(leaky_relu(fc1.forward(image.flatten(1)), 0.2)), 0.2));

    /// <summary>Lets gradients reach the weights, or keeps them out, as in the generator's turn.</summary>
    public void RequireGradients(bool required)
    {
        foreach (Parameter parameter in parameters())
        {
            parameter.requires_grad = required;
        }
    }
}
