# What loading takes long: the imports that nearly every notebook has, one figure (which looks for
# fonts) and one table.
import io

try:
    import numpy, pandas

    pandas.DataFrame({"a": [1.0]})._repr_html_()
except ImportError:
    pass
try:
    import matplotlib.pyplot as plt
    from IPython.core.pylabtools import print_figure

    figure = plt.figure()
    plt.plot([1, 2])
    plt.title("Warm")
    print_figure(figure)
    plt.close("all")
except ImportError:
    pass
