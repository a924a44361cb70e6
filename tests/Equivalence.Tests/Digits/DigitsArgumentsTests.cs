using global::Comparing;
using global::Digits;

namespace Compat.Equivalence.Tests.Digits;

public sealed class DigitsArgumentsTests
{
    [Fact]
    public void Options_are_read()
    {
        DigitsArguments arguments = DigitsArguments.Parse(["--epochs", "3", "--seed", "7", "--device", "cpu", "--loop", "iter", "--accumulate", "4", "--amp", "--launcher", "mpi", "--break-it"]);

        arguments.Settings.Should().BeEquivalentTo(new DigitsSettings { Epochs = 3, Seed = 7, ByIter = true, Accumulate = 4, Amp = true, Launcher = Compat.Torch.Distributed.Launcher.Mpi });
        arguments.BreakIt.Should().BeTrue();
        arguments.Help.Should().BeFalse();
        DigitsArguments.Parse(["--help"]).Help.Should().BeTrue();
        DigitsArguments.Parse([]).BreakIt.Should().BeFalse();
    }

    [Theory]
    [InlineData("There is no option '--epoch'. Options: --epochs, --device, --seed, --loop, --accumulate, --amp, --launcher, --break-it, --help.", "--epoch", "3")]
    [InlineData("--epochs is 'many'; it must be a whole number of at least 1, for example --epochs 8.", "--epochs", "many")]
    [InlineData("--epochs is '0'; it must be a whole number of at least 1, for example --epochs 8.", "--epochs", "0")]
    [InlineData("--epochs lacks its value, for example --epochs 8.", "--epochs")]
    [InlineData("--loop is 'epochs'; it must be epoch or iter.", "--loop", "epochs")]
    [InlineData("--device is 'gpu'; it must be cpu, cuda or cuda:N.", "--device", "gpu")]
    public void A_wrong_option_is_named_with_what_is_allowed(string message, params string[] arguments)
    {
        Action parse = () => DigitsArguments.Parse(arguments);

        parse.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void A_missing_data_file_is_named_with_what_to_do()
    {
        Action load = () => DigitsDataset.Load("nowhere.csv.gz");

        load.Should().Throw<FileNotFoundException>()
            .WithMessage("The data file 'nowhere.csv.gz' is missing. It comes with the sample as samples/Comparing/data/digits.csv.gz; build the sample again.");
    }
}
